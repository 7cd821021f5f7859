import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { verdict as verdictSchema, type ApprovalAnswer, type DecisionView, type EvidenceAnswer } from '#contracts';
import { digestOfBytes, maskedText, ownView, viewDigest, type Hiding } from '#trust';
import { earlierApproval } from '../../apps/cli/src/handlers/earlier-approval.js';
import { Ballots } from '../support/ballots.js';
import { aGate, type TestGate } from '../support/gate.js';
import { gateId, stories, StoryWorld } from './cli-stories.js';

const { agent, asked } = stories['database-change'];
const refund = stories.refund;
const topic = `${gateId}/sallyport.requests.v1`;

let world: StoryWorld;
let gate: TestGate;
let stranger: TestGate;
let shown: ApprovalAnswer;
let evidence: EvidenceAnswer;
let other: EvidenceAnswer;
let twin: EvidenceAnswer;

beforeAll(async () => {
  world = await StoryWorld.open();
  [gate, stranger] = [aGate(gateId), aGate(gateId)];
  shown = world.answerTo(agent, asked);
  evidence = world.evidenceOf(agent, asked, gate);
  const context = { ...asked.context, justification: 'something else' };
  twin = world.evidenceOf(agent, { ...asked, context }, gate);
  other = world.evidenceOf(refund.agent, refund.asked, gate);
}, 30_000);

afterAll(() => {
  gate.remove();
  stranger.remove();
});

const why = (
  given: EvidenceAnswer,
  { actionId = evidence.action_id, audiences = [topic] } = {},
): string | undefined => {
  const own = ownView(gate.trust, { evidence: given, actionId, audiences });
  return own.ok ? undefined : own.why;
};

describe('the view that a person’s own program renders', () => {
  it('is the one that the gate shows', () => {
    const own = ownView(gate.trust, { evidence, actionId: evidence.action_id, audiences: ['elsewhere', topic] });
    expect(own.ok && own.view).toEqual(shown.decision);
    expect(own.ok && viewDigest(own.view)).toBe(shown.view_digest);
  });

  it.each<[string, () => EvidenceAnswer]>([
    ['a verdict of another gate', () => ({ ...evidence, verdict: world.evidenceOf(agent, asked, stranger).verdict })],
    ['a verdict on something else', () => ({ ...evidence, verdict: other.verdict })],
    ['an acceptance by somebody else', () => ({ ...evidence, request: { ...evidence.request, acceptance: world.evidenceOf(agent, asked, stranger).request.acceptance } })],
    ['an acceptance of another request of the same agent under the same id', () => ({ ...evidence, request: { ...evidence.request, acceptance: twin.request.acceptance } })],
    ['other bytes', () => ({ ...evidence, request: { ...evidence.request, value: other.request.value } })],
    ['bytes with one space more', () => ({ ...evidence, request: { ...evidence.request, value: `${evidence.request.value} ` } })],
    ['a signature of another request', () => ({ ...evidence, request: { ...evidence.request, signature: other.request.signature } })],
    ['an agent entry by somebody else', () => ({ ...evidence, agent: world.evidenceOf(agent, asked, stranger).agent })],
    ['the entry of another agent', () => ({ ...evidence, agent: other.agent })],
    ['an action type by somebody else', () => ({ ...evidence, action_type: world.evidenceOf(agent, asked, stranger).action_type ?? '' })],
    ['the type of another action', () => ({ ...evidence, action_type: other.action_type ?? '' })],
    ['an agent in the place of an action type', () => ({ ...evidence, action_type: evidence.agent })],
    ['other facts', () => ({ ...evidence, facts: other.facts })],
    ['no facts', () => ({ ...evidence, facts: {} })],
  ])('is none for %s', (_, given) => {
    expect(why(given())).toEqual(expect.any(String));
  }); // prettier-ignore

  it('is the hidden one for a person from whom parts are hidden, by the word of policy', () => {
    const by = { purpose: 'verdict', service: 'policy', schema: verdictSchema } as const;
    const judged = gate.trust.verify(evidence.verdict, by);
    if (!judged.ok || judged.payload.plan === undefined) throw new TypeError('people must be asked');
    const names = ['statement'];
    const hide = (hiding: Hiding): string =>
      maskedText(JSON.parse(evidence.request.value) as object, { names }, hiding);
    const texts = { masked: digestOfBytes(hide('masked')), digest: digestOfBytes(hide('digest')) };
    const plan = { ...judged.payload.plan, secrets: { names, usual: 'masked' as const, groups: [], texts } };
    const verdict = gate.keyring('policy').sign('verdict', { ...judged.payload, plan });
    const given = (value: string): EvidenceAnswer => ({
      ...evidence,
      verdict,
      request: { ...evidence.request, value },
    });
    const own = ownView(gate.trust, {
      evidence: given(hide('masked')),
      actionId: evidence.action_id,
      audiences: [topic],
    });
    expect(own.ok && [own.view.variant, own.view.action.properties['statement']]).toEqual([
      'masked',
      expect.stringMatching(/^••••/u),
    ]);
    expect(why(given(evidence.request.value))).toBeUndefined();
    expect(why(given(hide('masked').replace('orders', 'users')))).toEqual(expect.any(String));
    expect(why({ ...given(hide('masked')), verdict: evidence.verdict })).toEqual(expect.any(String));
  });

  it('is none for another action than was asked for, or a request for another door', () => {
    expect(why(evidence)).toBeUndefined();
    expect(why(evidence, { actionId: '01938a1e-7c00-7000-8000-000000000002' })).toEqual(expect.any(String));
    expect(why(evidence, { audiences: ['https://intake.example/v1/actions'] })).toEqual(expect.any(String));
  });

  it('says that nobody could look inside when the gate leaves the action type out', () => {
    const own = ownView(gate.trust, {
      evidence: { ...evidence, action_type: undefined },
      actionId: evidence.action_id,
      audiences: [topic],
    });
    expect(own.ok && own.view.action.inspectable).toBe(false);
    expect(own.ok && viewDigest(own.view)).not.toBe(shown.view_digest);
  });
});

describe('what people approved before', () => {
  const decision = (): DecisionView => shown.decision;
  const before = () => ({ action_id: evidence.action_id, granted_at: '2026-11-20T10:00:00.000Z' });
  const text = async (given: EvidenceAnswer, more: Partial<ApprovalAnswer> = {}): Promise<string> => {
    const door: Parameters<typeof earlierApproval>[0] = {
      call: (_service, _path, answer) => Promise.resolve(answer.parse(given)),
      urlOf: () => 'http://127.0.0.1:1',
      settings: { trust_file: gate.trustFile },
    };
    return (await earlierApproval(door, { ...shown, before: before(), ...more })).join(' ').replaceAll(/\s+/gu, ' ');
  };
  const approvedBy = (said: 'approve' | 'deny'): EvidenceAnswer => {
    const view = decision();
    const body = { decision: said, reason: 'fine', view_digest: shown.view_digest, confirmed: [] };
    const { person_key, proof } = new Ballots(gate).sign({ iss: 'https://idp.example', sub: 'dana' }, view, body);
    const counting = {
      gate: gateId, action_id: view.action_id, proof_digest: digestOfBytes(proof), person: 'dana', person_version: 1,
      seat: { stage: 1, group: { id: 'dba', version: 1 } }, received_at: new Date().toISOString(),
    };
    const signed = gate.keyring('approvals').sign('vote', counting, 'sallyport-counting+jws');
    return { ...evidence, votes: [{ vote: proof, counting: signed, person_key }] };
  };

  it('is compared with what is asked now, from signatures alone', async () => {
    const properties = { ...decision().action.properties, statement: 'DROP TABLE orders' };
    const now = { ...decision(), action: { ...decision().action, properties } };
    expect(await text(approvedBy('approve'), { decision: now })).toMatch(/Different now: property statement: .* became "DROP TABLE orders"/u);
    expect(await text(approvedBy('approve'))).toContain('the same properties and access');
  });

  it.each<[string, () => EvidenceAnswer, () => Partial<ApprovalAnswer>]>([
    ['nobody approved', () => evidence, () => ({})],
    ['somebody denied', () => approvedBy('deny'), () => ({})],
    ['its agent never asked', () => ({ ...approvedBy('approve'), request: other.request }), () => ({})],
    ['was about something else', () => approvedBy('approve'), () => ({ decision: world.answerTo(refund.agent, refund.asked).decision })],
  ])('is not believed where it is a request that %s', async (_, given, more) => {
    expect(await text(given(), more())).toContain('DO NOT TRUST');
  });

  it('is nothing where the gate names nothing', async () => {
    const door = { settings: {}, urlOf: () => '', call: () => Promise.reject(new Error('nothing is asked for')) };
    expect((await earlierApproval(door, shown)).join('')).toContain('nothing like it');
  });
}); // prettier-ignore
