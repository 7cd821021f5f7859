import type { Agent } from '../actors/agent.js';
import type { Play, Scene } from '../play.js';
import { share } from '../requests.js';

const story = 'sharing';

export const sharingStory: Scene[] = [
  { story, title: 'security confirms, and exactly the frozen rows are shared', play: approved },
  { story, title: 'an unapproved supplier, a restricted class, a secret without entitlement: denied', play: denied },
  { story, title: 'a fact that a registrar changes changes the next verdict', play: changed },
];

async function approved(on: Play): Promise<void> {
  const agent = await on.agent('sharer');
  const program = on.run(agent, share({ rows: ['c-3', 'c-5', 'c-8'] }));
  const { action_id } = await program.line('pending');
  const sara = on.person('sara');
  const { decision } = await sara.read(action_id);
  const points = decision.stages[0]?.confirmations ?? [];
  on.must('points beside facts', points.map(({ id, fact }) => [id, fact?.source]), [
    ['entitlements', points[0]?.fact?.source],
    ['secrets', points[0]?.fact?.source],
    ['third_party', points[2]?.fact?.source],
  ]); // prettier-ignore
  on.must('facts are from the registry', points.every(({ fact }) => fact?.source.startsWith('registry:') === true), true); // prettier-ignore
  on.must('shared before', await on.observer.shared(action_id), []);
  await sara.approve(action_id);
  on.tell({ step: 'sara approved', action_id });
  await program.line('ended');
  const rows = await on.observer.shared(action_id);
  on.must('rows at the supplier', rows.map(({ customer_id, counterparty }) => [customer_id, counterparty]), [
    ['c-3', 'acme-logistics'],
    ['c-5', 'acme-logistics'],
    ['c-8', 'acme-logistics'],
  ]); // prettier-ignore
  on.must('fields of each', rows.map(({ shared }) => Object.keys(shared).sort()), rows.map(() => ['city', 'name'])); // prettier-ignore
}

async function denied(on: Play): Promise<void> {
  const agent = await on.agent('sharer');
  const asked = [
    share({ counterparty: 'globex' }),
    share({ fields: ['name'] }, 'prod/patients'),
    share({ fields: ['diagnosis'] }),
    share({ fields: ['name', 'iban'] }),
  ];
  for (const each of asked) {
    const { status } = await agent.askAndSee(each);
    on.must('the answer', [status.state, status.code], ['denied', 'policy_denied']);
  }
}

/** A supplier becomes approved, and then entitled to a secret field. */
async function changed(on: Play): Promise<void> {
  const agent = await on.agent('sharer');
  const [rita, supplier] = [on.person('rita'), `initech-${on.mark}`];
  const facts = { name: 'Initech', approved: false, dpa: true, country: 'DE', entitlements: [] as string[] };
  const asked = share({ counterparty: supplier, fields: ['iban'] });
  await rita.register('counterparties', supplier, facts);
  on.must('not approved', await answer(agent, asked), 'denied');
  await rita.register('counterparties', supplier, { ...facts, approved: true });
  on.tell({ step: 'rita approved the supplier' });
  on.must('approved, but not entitled', await answer(agent, asked), 'denied');
  await rita.register('counterparties', supplier, { ...facts, approved: true, entitlements: ['prod/customers#iban'] });
  on.tell({ step: 'rita registered an entitlement' });
  // The change reaches policy through the bus: the next verdict is the one after that.
  await on.becomes('entitled', () => answer(agent, asked), 'pending');
}

async function answer(agent: Agent, asked: ReturnType<typeof share>): Promise<string> {
  const { ticket, status } = await agent.askAndSee(asked);
  if (status.state === 'pending') await agent.client.cancel(ticket);
  return status.state;
}
