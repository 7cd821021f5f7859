import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  approvalAnswer, approvalGranted, counting as countingSchema, policyApprovalRequired, verdict as verdictSchema, type ApprovalAnswer,
  type CountedVote, type Counting, type Vote,
} from '#contracts'; // prettier-ignore
import { newId } from '#platform';
import {
  delegationOn, digestOfBytes, generatePrivateJwk, planDigest, signDelegation, signingKey, signVote, viewDigest, voteOn, votesNamed, type Keyring,
} from '#trust'; // prettier-ignore
import { root } from '../../tools/world/place.js';
import { Bus } from '../support/bus.js';
import { EnrolledKey } from '../support/enrolled-key.js';
import { eventually } from '../support/eventually.js';
import { Forger } from '../support/forger.js';
import { Leaving } from '../support/leaving.js';
import { refund, RunningGate, type Voter } from '../support/running-gate.js';
import { scratchFolder } from '../support/scratch.js';
import { askAtOnce, ToldOutcomes, type Ask } from '../support/told-outcomes.js';
import { keyringOf } from '../fault/doors-stage.js';

/*
 * Approvals itself is the enemy here: what it says is signed with its real keys, and it may say what it likes. Each case
 * hands an action on as the service would, with votes that people did not give in this way. The first hands on what a
 * person did vote, so that the others fail for their lie and not for the way in which they are told.
 */

jest.setTimeout(120_000);

let gate: RunningGate;
let bus: Bus;
let forger: Forger;
let told: ToldOutcomes;
let approvals: Keyring;
const leaving = new Leaving();
const scratch = leaving.add(scratchFolder('votes'), (folder) => folder.remove());
const policyConfig = join(scratch.dir, 'policy.json');
const patience = { withinMs: 40_000, everyMs: 50 };

beforeAll(async () => {
  askForSecurityKeys(false);
  const policy = { SALLYPORT_POLICY_CONFIG_FILE: policyConfig };
  gate = leaving.add(await RunningGate.start({ dir: scratch.dir, agents: 1, services: { policy } }), (one) =>
    one.stop(),
  );
  bus = leaving.add(await Bus.connect(gate.brokers), (one) => one.stop());
  forger = leaving.add(await Forger.start(bus), (one) => one.stop());
  told = leaving.add(await ToldOutcomes.follow(gate, bus), (one) => one.stop());
  approvals = keyringOf(gate, 'approvals');
}, 180_000);

afterAll(async () => {
  await leaving.all();
}, 90_000);

/** Whether directors confirm their votes with security keys from now on: policy reads its settings anew when they change. */
function askForSecurityKeys(directors_step_up: boolean): void {
  const config = JSON.parse(readFileSync(join(root, 'policies', 'config.json'), 'utf8')) as { pay: object };
  writeFileSync(policyConfig, JSON.stringify({ ...config, pay: { ...config.pay, directors_step_up } }));
}

/** A request that waits for people, as it is shown to one of them. */
interface Waiting extends Ask {
  shown: ApprovalAnswer;
}

async function waiting(amount = 10_000, reader = 'fiona'): Promise<Waiting> {
  const [one] = (await askAtOnce(gate, bus, [refund(amount)])) as [Ask];
  const shown = await eventually(async () => {
    const answer = await gate.as(reader, 'approvals', `/v1/approvals/${one.ticket.actionId}`);
    return approvalAnswer.parse(await answer.json());
  }, patience);
  return { ...one, shown };
}

/** What this voter signs on what is shown, or on what differs from it. */
function signedBy({ key }: Pick<Voter, 'key'>, { shown }: Waiting, more: Partial<Vote> = {}): string {
  const { decision: view, view_digest, progress } = shown;
  const stage = view.stages.find((each) => each.stage === progress.stage);
  const confirmed = (stage?.confirmations ?? []).map(({ id }) => id);
  const said = { decision: 'approve', reason: 'checked', view_digest, confirmed } as const;
  return signVote(key, { ...voteOn(view, said, { gate: gate.trust.gate, jti: newId(), now: Date.now() }), ...more });
}

interface Count extends Partial<Counting> {
  person: string;
}

/** A counting as approvals signs it: whatever it wants it to say. */
async function counted(
  { shown, ticket }: Waiting,
  vote: { proof: string; statement: string },
  { person, ...more }: Count,
): Promise<CountedVote> {
  const group = shown.decision.stages[0]?.group ?? '';
  const said: Counting = {
    gate: gate.trust.gate,
    action_id: ticket.actionId,
    proof_digest: digestOfBytes(vote.proof),
    person,
    person_version: await versionOf('people', person),
    seat: { stage: 1, group: { id: group, version: await versionOf('groups', group) } },
    action_type: { id: 'payment.refund', version: 1 },
    received_at: new Date().toISOString(),
    ...more,
  };
  const counting = approvals.sign('vote', countingSchema.parse(said), 'sallyport-counting+jws');
  return { vote: vote.proof, counting, person_key: vote.statement };
}

async function versionOf(kind: 'groups' | 'people', id: string): Promise<number> {
  const answer = await gate.as('rita', 'registry', `/v1/${kind}/${id}`);
  return ((await answer.json()) as { version: number }).version;
}

/** Approvals hands the action on with these votes. */
async function handOn(one: Waiting, ...votes: CountedVote[]): Promise<void> {
  const { actionId } = one.ticket;
  const { evidence } = await forger.genuine(policyApprovalRequired, actionId);
  const judged = gate.trust.verify(evidence.verdict, { purpose: 'verdict', service: 'policy', schema: verdictSchema });
  if (!judged.ok || judged.payload.plan === undefined) throw new TypeError('policy wanted nobody');
  const who = { action_id: actionId, agent_id: one.agent.id };
  const now = new Date();
  const granting = approvals.sign('vote', {
    gate: gate.trust.gate, ...who, action_digest: judged.payload.action_digest, plan_digest: planDigest(judged.payload.plan),
    votes: votesNamed(votes), granted_at: now.toISOString(), iat: Math.floor(now.getTime() / 1_000),
  }, 'sallyport-granting+jws'); // prettier-ignore
  const data = { ...who, evidence: { ...evidence, votes }, granting, granted: { ttl_seconds: 300, uses: 1 } };
  await forger.say({ event: approvalGranted, service: 'approvals', actionId, data });
}

/** It comes to an offer at most; whoever collects gets nothing, and the action is over. */
async function givesNoLease(one: Waiting): Promise<void> {
  await eventually(() => {
    expect(told.namesOf(one).length).toBeGreaterThan(1);
  }, patience);
  const offer = told.leaseOf(one);
  if (offer !== undefined) {
    await expect(one.agent.sdk.redeem(one.ticket, offer)).rejects.toMatchObject({ code: 'evidence_invalid' });
  }
  await eventually(() => {
    expect(told.codesOf(one).at(-1)).toBe('refused/evidence_invalid');
  }, patience);
  expect(told.namesOf(one)).not.toContain('released');
}

describe('an approvals that lies gets no lease', () => {
  it('though one that hands on what a person voted does', async () => {
    const one = await waiting();
    const fiona = await gate.voter('fiona');
    const vote = { proof: signedBy(fiona, one), statement: fiona.statement };
    await handOn(one, await counted(one, vote, { person: 'fiona' }));
    await eventually(() => {
      expect(told.leaseOf(one)).toBeDefined();
    }, patience);
    await one.agent.sdk.redeem(one.ticket, told.leaseOf(one) as never);
    await eventually(() => {
      expect(told.namesOf(one)).toContain('released');
    }, patience);
  });

  it('by showing another view [votesHold: the view is rendered again]', async () => {
    const one = await waiting();
    const fiona = await gate.voter('fiona');
    const { decision } = one.shown;
    const properties = { ...decision.action.properties, amount_minor: 100 };
    const lie = { ...decision, headline: 'Refund 1.00 EUR of order o-1', action: { ...decision.action, properties } };
    const proof = signedBy(fiona, one, { view_digest: viewDigest(lie) });
    await handOn(one, await counted(one, { proof, statement: fiona.statement }, { person: 'fiona' }));
    await givesNoLease(one);
  });

  it('by counting somebody who was not there [satisfies: the key is of another person]', async () => {
    const one = await waiting(1_500_000, 'greta');
    const [greta, again] = await Promise.all([gate.voter('greta'), gate.newVoter('greta')]);
    const votes = [
      await counted(one, { proof: signedBy(greta, one), statement: greta.statement }, { person: 'greta' }),
      await counted(one, { proof: signedBy(again, one), statement: again.statement }, { person: 'gustav' }),
    ];
    await handOn(one, ...votes);
    await givesNoLease(one);
  });

  it('by counting one vote twice [readVotes: each vote has its own jti]', async () => {
    const one = await waiting(1_500_000, 'greta');
    const greta = await gate.voter('greta');
    const vote = { proof: signedBy(greta, one), statement: greta.statement };
    await handOn(one, await counted(one, vote, { person: 'greta' }), await counted(one, vote, { person: 'gustav' }));
    await givesNoLease(one);
  });

  it('by citing a membership of yesterday [votesHold: the next version was in force]', async () => {
    const version = await versionOf('groups', 'finance');
    await gate.change('groups', 'finance', (spec) => ({ ...spec, members: ['fiona'] }));
    const one = await waiting();
    const felix = await gate.voter('felix');
    const vote = { proof: signedBy(felix, one), statement: felix.statement };
    const seat = { stage: 1, group: { id: 'finance', version } };
    await handOn(one, await counted(one, vote, { person: 'felix', seat }));
    await givesNoLease(one);
    await gate.change('groups', 'finance', (spec) => ({ ...spec, members: ['fiona', 'felix'] }));
  });

  it('by inventing that somebody gave their seat away, though one that was given does [satisfies: the giver signed it]', async () => {
    const [one, invented] = [await waiting(), await waiting()];
    const [fiona, dana] = await Promise.all([gate.voter('fiona'), gate.voter('dana')]);
    const by = { id: 'fiona', version: await versionOf('people', 'fiona') };
    const castBy = async (request: Waiting, giver: Voter): Promise<CountedVote> => {
      const vote = { proof: signedBy(dana, request), statement: dana.statement };
      const given_at = new Date().toISOString();
      const said = { to: 'dana', until: request.shown.progress.deadline_at, reason: 'on leave' };
      const about = { gate: gate.trust.gate, jti: newId(), now: Date.now() };
      const delegation = signDelegation(giver.key, delegationOn(request.shown.decision, said, about));
      const count = await counted(request, vote, { person: 'dana', delegated: { by, given_at } });
      return { ...count, delegated: { delegation, person_key: giver.statement } };
    };
    await handOn(invented, await castBy(invented, dana));
    await givesNoLease(invented);
    await handOn(one, await castBy(one, fiona));
    await eventually(() => {
      expect(told.leaseOf(one)).toBeDefined();
    }, patience);
    await one.agent.sdk.redeem(one.ticket, told.leaseOf(one) as never);
  });

  it('by forging a vote with a key that nobody signed in with [readPersonKey: only credentials vouches]', async () => {
    const one = await waiting();
    const fiona = await gate.voter('fiona');
    const own = { key: signingKey(generatePrivateJwk('P-256')) };
    const said = { gate: gate.trust.gate, thumbprint: own.key.kid, iss: gate.issuer.issuer, sub: 'fiona' };
    const until = Math.floor(Date.now() / 1_000) + 3_600;
    const statement = approvals.sign('vote', { ...said, until }, 'sallyport-counting+jws');
    await handOn(one, await counted(one, { proof: signedBy(own, one), statement }, { person: 'fiona' }));
    await givesNoLease(one);
    const other = await waiting();
    const borrowed = { proof: signedBy(own, other), statement: fiona.statement };
    await handOn(other, await counted(other, borrowed, { person: 'fiona' }));
    await givesNoLease(other);
  });

  it('by replaying a vote on another action [verifyVote: the vote names its action and its plan; votesHold: and its view]', async () => {
    const [voted, one] = [await waiting(), await waiting()];
    const fiona = await gate.voter('fiona');
    const vote = { proof: signedBy(fiona, voted), statement: fiona.statement };
    await handOn(one, await counted(one, vote, { person: 'fiona' }));
    await givesNoLease(one);
  });

  it('by counting a vote of a key whose person has signed out [votesHold: the key had ended]', async () => {
    const one = await waiting();
    const gone = await gate.newVoter('fiona');
    const end = await gate.as('fiona', 'credentials', `/v1/person-keys/${gone.key.kid}/end`, { method: 'POST' });
    expect(end.status).toBe(200);
    const vote = { proof: signedBy(gone, one), statement: gone.statement };
    await handOn(one, await counted(one, vote, { person: 'fiona' }));
    await givesNoLease(one);
  });
});

describe('where a rule asks for security keys', () => {
  const big = 1_500_000;

  /** As soon as policy has read its settings. */
  async function stepped(): Promise<Waiting> {
    return eventually(async () => {
      const one = await waiting(big, 'greta');
      if (one.shown.decision.step_up !== true) throw new Error('policy asks for no security key yet');
      return one;
    }, patience);
  }

  beforeAll(() => {
    askForSecurityKeys(true);
  });

  it('an approvals that passes over them gets no lease [satisfies: each vote was confirmed]', async () => {
    const one = await stepped();
    const votes = ['greta', 'gustav'].map(async (person) => {
      const voter = await gate.voter(person);
      return counted(one, { proof: signedBy(voter, one), statement: voter.statement }, { person });
    });
    await handOn(one, ...(await Promise.all(votes)));
    await givesNoLease(one);
  });

  it('two people who confirm what they saw let it through, and nobody who does not', async () => {
    const one = await stepped();
    const { actionId } = one.ticket;
    expect((await gate.approve('greta', actionId)).status).toBe(403);
    for (const person of ['greta', 'gustav']) {
      const key = await EnrolledKey.of(gate, person);
      const webauthn = await key.confirm(actionId);
      const body = { ...(await gate.voteOf(person, actionId)), webauthn };
      const path = `/v1/approvals/${actionId}/votes`;
      expect((await gate.as(person, 'approvals', path, { method: 'POST', body })).status).toBe(200);
    }
    await eventually(() => {
      expect(told.leaseOf(one)).toBeDefined();
    }, patience);
    const lease = await one.agent.sdk.redeem(one.ticket, told.leaseOf(one) as never);
    expect(lease.credential.kind).toBe('token');
  });
});
