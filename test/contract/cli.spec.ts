import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { approvalAnswer, type ApprovalAnswer } from '#contracts';
import { columns, textColumn, width } from '../../apps/cli/src/core/say.js';
import { showApproval, shortView } from '../../apps/cli/src/core/show-approval.js';
import { root } from '../../tools/world/place.js';
import { stories, storyTime, StoryWorld, type Story } from './cli-stories.js';

const names = Object.keys(stories) as Story[];
const longestScreen = 45;
let world: StoryWorld;
beforeAll(async () => {
  world = await StoryWorld.open();
});

const answerTo = (name: Story): ApprovalAnswer => world.answerTo(stories[name].agent, stories[name].asked);
const golden = (name: string): string => readFileSync(join(root, 'test/contract/cli', `${name}.txt`), 'utf8');

/** Where each of these texts begins; -1 when it is not there. */
const places = (screen: string, texts: readonly string[]): number[] => texts.map((text) => screen.indexOf(text));

describe.each(names)('approvals show: %s', (name) => {
  it('is the golden text, made from what the demo registers, asks and rules', () => {
    expect(approvalAnswer.safeParse(answerTo(name)).error).toBeUndefined();
    expect(showApproval(answerTo(name))).toBe(golden(name));
  });

  it('fits one screen', () => {
    const lines = showApproval(answerTo(name)).trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(longestScreen);
    expect(lines.filter((line) => columns(line) > width)).toEqual([]);
  });

  it('tells who, how proven, where, how much, the exact bytes, each point, controls, and last what the agent says', () => {
    const { decision, view_digest } = answerTo(name);
    const screen = showApproval(answerTo(name));
    const order = [
      `owner ${decision.agent.owner}`,
      decision.agent.proof,
      `${decision.resource.type} ${decision.resource.id}`,
      'would grant',
      'exact bytes',
      ...decision.stages[0]!.confirmations.map(({ id }) => `[ ] ${id}`),
      'controls ',
      shortView(view_digest),
      decision.unverified.label,
    ];
    const found = places(screen, order);
    expect(found).not.toContain(-1);
    expect(found).toEqual([...found].sort((a, b) => a - b));
    const said = screen.slice(found.at(-1)).trimEnd().split('\n').slice(1);
    expect(said.filter((line) => !line.startsWith('  | '))).toEqual([]);
  });

  it('says which parts are secret, and whether they are hidden from whoever looks', () => {
    const answer = answerTo('refund');
    const screen = (are: 'shown' | 'masked'): string =>
      showApproval({ ...answer, decision: { ...answer.decision, secrets: { names: ['order'], are } } });
    expect(screen('masked')).toMatch(/ secret +order: hidden from you\n/u);
    expect(screen('masked')).not.toContain('exact bytes');
    expect(screen('shown')).toMatch(/ secret +order: shown to you\n/u);
    expect(screen('shown')).toContain('exact bytes');
  });

  it('names who may say no without a seat', () => {
    const answer = answerTo(name);
    const screen = showApproval({ ...answer, decision: { ...answer.decision, veto: ['legal'] } });
    expect(screen.replaceAll(/\s+/gu, ' ')).toContain('; may say no as well: legal;');
    expect(showApproval(answer)).not.toContain('may say no');
  });

  it('says where people come from, when others may as well, and by when', () => {
    const answer = answerTo(name);
    const { decision, progress } = answer;
    const from = [{ group: 'shop', owner_of: 'prod/orders' }, { person: 'maya', manager_of: 'paul' }]; // prettier-ignore
    const escalate = { after_seconds: 900, to: 'legal' };
    const stages = [{ stage: 1, from, quorum: 2, confirmations: [], escalate, deadline_seconds: 3_600 }];
    const screen = (more: object) =>
      showApproval({
        ...answer,
        decision: { ...decision, stages },
        progress: { ...progress, stages: [{ stage: 1, group: 'x', quorum: 2, approved: 1, ...more }] },
      }).replaceAll(/\s+/gu, ' ');
    const people = 'approved by 1 of 2 of shop (owner of prod/orders) or maya (manager of paul)';
    expect(screen({})).toContain(`${people}, or legal after 15 min without a decision, within 60 min;`);
    const at = { escalates: { at: '2026-11-21T22:45:00.000Z', to: 'legal' }, deadline_at: '2026-11-21T23:30:00.000Z' };
    expect(screen({ open: true, ...at })).toContain(
      `${people}, or legal from 2026-11-21 22:45:00 UTC on, until 2026-11-21 23:30:00 UTC;`,
    );
  });

  it('shows the points of the reader’s own stage where all are open at once, and names it to be copied', () => {
    const answer = answerTo(name);
    const { decision, progress } = answer;
    const second = { stage: 2, group: 'legal', quorum: 1, confirmations: [{ id: 'contract', text: 'it is allowed' }] };
    const stages = [...decision.stages, second];
    const seats = [...progress.stages, { stage: 2, group: 'legal', quorum: 1, approved: 0 }];
    const screen = showApproval({
      ...answer,
      decision: { ...decision, stages, parallel: true },
      progress: { ...progress, stages: seats, yours: 2 },
    });
    expect(screen).toContain('[ ] contract: it is allowed');
    expect(screen.replaceAll(/[\s\\]+/gu, ' ')).toContain('--stage 2 --confirm contract --reason');
    expect(screen.replaceAll(/\s+/gu, ' ')).toContain(', and 0 of 1 of legal');
  });

  it('names whose seats are in other hands, and the question that the request answers', () => {
    const answer = answerTo(name);
    const delegated = [{ by: 'dana', to: 'dimitri', until: '2026-11-21T23:00:00.000Z' }];
    const answers = { action_id: answer.decision.action_id, by: 'dana', text: 'Which one?\u202e', at: storyTime };
    const screen = showApproval({ ...answer, answers, progress: { ...answer.progress, delegated } });
    const words = screen.replaceAll(/\s+/gu, ' ');
    expect(words).toContain('; dimitri decides in the place of dana until 2026-11-21 23:00:00 UTC;');
    expect(words).toContain(
      `answers a question of dana about ${answers.action_id}, 2026-11-21 22:30:00 UTC: "Which one?⟨U+202E⟩"`,
    );
  });

  it('loses not one of the exact bytes', () => {
    const { decision } = answerTo(name);
    const screen = showApproval(answerTo(name));
    const block = screen.slice(screen.indexOf('exact bytes') - 2).split('\nConfirm')[0]!;
    expect(block.split('\n').map((line) => line.slice(textColumn)).join('')).toBe(decision.exact); // prettier-ignore
  });

  it('puts every fact on the screen, with its source', () => {
    const screen = showApproval(answerTo(name)).replaceAll(/\s+/gu, ' ');
    for (const { source } of answerTo(name).decision.facts) expect(screen).toContain(source);
  });

  it('keeps a fact on the screen that is confirmed only in a later stage', () => {
    const answer = answerTo(name);
    const { decision } = answer;
    const [first] = decision.stages;
    const { value, source, at } = decision.facts.find((fact) => fact.name === 'context.risk')!;
    const later = { ...first!, stage: 2, confirmations: [{ id: 'risk', text: 'risk', fact: { value, source, at } }] };
    const stages = [...decision.stages, later];
    expect(showApproval({ ...answer, decision: { ...decision, stages } })).toContain(
      `risk=${String(value)} (${source}`,
    );
  });
});

describe('approvals show, what exactly', () => {
  const { agent, asked } = stories['database-change'];
  const showing = (properties: Record<string, unknown>): string => {
    const answer = world.answerTo(agent, asked);
    const { decision } = answer;
    return showApproval({ ...answer, decision: { ...decision, action: { ...decision.action, properties } } });
  };
  const lineOf = (properties: Record<string, unknown>): string =>
    /^ {2}action +(.*)$/mu.exec(showing(properties))?.[1] ?? '';

  it('is exact to the last sign, whatever type it has', () => {
    expect(lineOf({ n: 1, t: '1', b: true, at: '2026-01-01T00:00:00.123Z' })).toBe(
      'db.schema.migrate; n=1 t="1" b=true at="2026-01-01T00:00:00.123Z"',
    );
    expect(lineOf({})).toBe('db.schema.migrate');
  });

  it('keeps the integer beside the money', () => {
    expect(lineOf({ amount_minor: 250_000, currency: 'EUR' })).toContain(
      'amount_minor=250000 (2,500.00 EUR) currency="EUR"',
    );
  });

  it('gives a text of several lines, or a long one, a row and its lines', () => {
    expect(showing({ statement: 'a\nb' })).toContain('\n    statement    a\n                 b\n');
    expect(showing({ statement: 'word '.repeat(40) })).toContain('\n    statement    word word');
  });
});

describe('approvals show, when the agent means harm', () => {
  const { agent, asked } = stories['database-change'];
  const saying = (justification: string): string =>
    showApproval(world.answerTo(agent, { ...asked, context: { ...asked.context, justification } }));

  it('shows what hides', () => {
    expect(saying('fine \u202egnp.exe\u200b')).toContain('fine ⟨U+202E⟩gnp.exe⟨U+200B⟩');
    expect(saying('fine \u202e')).not.toContain('\u202e');
  });

  it('lets no line of the agent pass for one of the gate', () => {
    const screen = saying('ok\n\nTo decide\n  state             granted until 2099');
    const after = screen.slice(screen.indexOf('Written by the agent')).trimEnd().split('\n').slice(1);
    expect(after.filter((line) => !/^ {2}\|(?: |$)/u.test(line))).toEqual([]);
    expect(screen.split('\n').filter((line) => line.startsWith('To decide'))).toHaveLength(1);
    expect(screen.split('\n').filter((line) => line.startsWith('  state '))).toHaveLength(1);
  });

  it('cuts its long words visibly and points to the exact bytes, which are whole', () => {
    const screen = saying('x'.repeat(4_000));
    expect(screen).toContain('(3400 more characters, see exact bytes)'.split(' ')[0]);
    expect([...screen.matchAll(/x{20,}/gu)].join('').length).toBeGreaterThan(4_000);
  });

  it('counts empty lines instead of letting them push the dangerous part away', () => {
    const statement = `ALTER TABLE orders ADD COLUMN a text;${'\n'.repeat(500)}ALTER TABLE orders ADD COLUMN b text`;
    const screen = showApproval(
      world.answerTo(agent, { ...asked, action: { ...asked.action, properties: { statement } } }),
    );
    expect(screen).toContain('⟨499 empty lines⟩');
    expect(screen).toContain('ADD COLUMN b text');
  });
});
