import { describe, expect, it } from '@jest/globals';
import { agentUrn, Crowd, requestType, type Known } from '#contracts';
import { anAgentSpec } from '../../../../test/support/gate.js';
import type { Ask } from './ask.js';
import { timeOf } from './freshness.js';
import {
  quotaAsked,
  settle,
  withinCrowd,
  withinOwn,
  withinQuota,
  type Candidate,
  type Proven,
  type Used,
} from './settle.js';

const now = new Date('2026-11-24T12:00:00.000Z');
const idAt = (ms: number, n = 1): string => {
  const time = ms.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${String(n).padStart(12, '0')}`;
};
const id = idAt(now.getTime());
const agent = (name: string): Known<'agents'> => ({
  kind: 'agents', id: name, version: 1, changed_by: 'r', changed_at: '', spec: anAgentSpec([], { requests_per_minute: 2 }),
}); // prettier-ignore

interface Over {
  id?: string;
  agent?: string;
  sha256?: string;
  iatMs?: number;
  ask?: Partial<Ask>;
}
function proven({
  id: ceId = id,
  agent: name = 'a',
  sha256 = 'sha256:1',
  iatMs = now.getTime(),
  ask = {},
}: Over = {}): Proven {
  const ce = { id: ceId, source: agentUrn(name), type: requestType };
  return {
    ask: {
      bytes: Buffer.alloc(0),
      signature: 's',
      appendedAt: now.getTime(),
      carriage: 'good',
      traceparent: undefined,
      ...ask,
    },
    header: { alg: 'EdDSA', kid: 'k', typ: 'sallyport-request+jws', aud: 'x', iat: iatMs / 1_000, ce },
    agent: agent(name),
    sha256,
  };
}
const used = (over: Partial<Used> = {}): Map<string, Used> =>
  new Map([[id, { id, agent_id: 'a', sha256: 'sha256:1', state: 'accepted', code: null, ...over }]]);
const fates = (requests: Proven[], known: Map<string, Used> = new Map()) =>
  settle(requests, { used: known, now, judge: () => ({ digest: 'd' }) }).map((one) =>
    one.kind === 'dead' ? one.refusal.code : one.kind,
  );

describe('settling a slice', () => {
  it('lets an unused id be used once: the same request again changes nothing', () => {
    expect(fates([proven(), proven()])).toEqual(['new', 'twice']);
    expect(fates([proven()], used())).toEqual(['again']);
  });

  it('calls other bytes of the same agent a conflict, in the slice and in the table', () => {
    expect(fates([proven(), proven({ sha256: 'sha256:2' })])).toEqual(['new', 'id_conflict']);
    expect(fates([proven({ sha256: 'sha256:2' })], used())).toEqual(['id_conflict']);
  });

  it('tells another agent only that the id is taken, even with the same bytes', () => {
    expect(fates([proven(), proven({ agent: 'b' })])).toEqual(['new', 'id_taken']);
    expect(fates([proven({ agent: 'b' })], used())).toEqual(['id_taken']);
  });

  it.each([
    ['signed 300 s before the append', -300, 'new'],
    ['signed 301 s before the append', -301, 'stale'],
    ['signed 300 s after the append', 300, 'new'],
    ['signed 301 s after the append', 301, 'stale'],
  ])('%s', (_, seconds, fate) => {
    expect(fates([proven({ iatMs: now.getTime() + seconds * 1_000 })])).toEqual([fate]);
  });

  it('measures by the time of append, and by the database clock where there is none', () => {
    const old = now.getTime() - 3_600_000;
    expect(fates([proven({ id: idAt(old), iatMs: old, ask: { appendedAt: old } })])).toEqual(['new']);
    expect(fates([proven({ id: idAt(old), iatMs: old, ask: { appendedAt: undefined } })])).toEqual(['stale']);
  });

  it('looks at freshness only where the id is not known: a replayed topic changes nothing', () => {
    expect(fates([proven({ iatMs: 0 })], used())).toEqual(['again']);
  });

  it.each([
    ['24 h before', -86_400_000, 'new'],
    ['more than 24 h before', -86_400_001, 'stale'],
    ['more than 24 h after', 86_400_001, 'stale'],
  ])('an id whose time lies %s the append', (_, offset, fate) => {
    expect(fates([proven({ id: idAt(now.getTime() + offset) })])).toEqual([fate]);
  });

  it('a stale request uses up no id: a fresh one with the same id is taken', () => {
    expect(fates([proven({ iatMs: 0 }), proven()])).toEqual(['stale', 'new']);
  });

  it('an id that is no UUIDv7 in lower case cannot be used', () => {
    expect(fates([proven({ id: 'INC-1' }), proven({ id: id.toUpperCase() }), proven({ id: '' })])).toEqual([
      'schema_mismatch', 'schema_mismatch', 'schema_mismatch',
    ]); // prettier-ignore
  });

  it('what the signature does not cover never uses up an id', () => {
    const carried = proven({ ask: { carriage: 'unsupported_mode' } });
    expect(fates([carried, proven({ ask: { carriage: 'schema_mismatch' } }), proven()])).toEqual([
      'unsupported_mode', 'schema_mismatch', 'new',
    ]); // prettier-ignore
  });

  it('reads the time of an id', () => {
    expect(timeOf('0190163d-8694-739b-aea5-966c26f8ad91')).toBe(0x0190163d8694);
  });
});

describe('the quota of a slice', () => {
  const candidate = (name: string, n: number): Candidate => ({
    ...proven({ agent: name, id: idAt(0, n) }),
    judged: { digest: 'd' },
  });

  it('is asked for once per agent', () => {
    expect(quotaAsked([candidate('a', 1), candidate('b', 2), candidate('a', 3)])).toEqual([
      { agentId: 'a', asked: 2, most: 2 },
      { agentId: 'b', asked: 1, most: 2 },
    ]);
  });

  it('goes to the first of the slice; the rest is refused and keeps its digest', () => {
    const granted = new Map([['a', 1]]);
    const limited = withinQuota([candidate('a', 1), candidate('a', 2), candidate('b', 3)], granted);
    expect(limited.map(({ judged }) => judged.refusal?.code ?? 'in')).toEqual(['in', 'rate_limited', 'rate_limited']);
    expect(limited.map(({ judged }) => judged.digest)).toEqual(['d', 'd', 'd']);
  });
});

describe('what waits for people already', () => {
  const limits = { agent: 2, task: 1, owner: 5 };
  const candidate = (name: string, n: number, more: Partial<Candidate['judged']> = {}): Candidate => ({
    ...proven({ agent: name, id: idAt(0, n) }),
    judged: { digest: 'd', ...more },
  });
  const codes = (crowd: Crowd, ...all: Candidate[]): string[] =>
    withinCrowd(all, crowd, () => limits).map(({ judged }) => judged.refusal?.code ?? 'in');
  const waiting = (agent: string, count: number, task?: string) => ({ agent, owner: 'olga', task, count });

  it('keeps out more of the same agent, task or owner, and nobody else', () => {
    const crowd = new Crowd([waiting('a', 2), waiting('b', 1, 't-1')]);
    const asked = [candidate('a', 1), candidate('b', 2, { taskId: 't-1' }), candidate('b', 3, { taskId: 't-2' }), candidate('b', 4)];
    expect(codes(crowd, ...asked)).toEqual(['pending_limit', 'pending_limit', 'in', 'in']);
    expect(codes(new Crowd([waiting('c', 5)]), candidate('a', 1))).toEqual(['pending_limit']);
  });

  it('is no reason where there is another, and none that this slice brings', () => {
    expect(codes(new Crowd([waiting('a', 2)]), candidate('a', 1, { refusal: { code: 'stale' } }))).toEqual(['stale']);
    expect(codes(new Crowd([waiting('a', 1)]), candidate('a', 1), candidate('a', 2))).toEqual(['in', 'in']);
  });
}); // prettier-ignore

describe('what a request supersedes', () => {
  const [old, other] = [idAt(now.getTime(), 2), idAt(now.getTime(), 3)];
  const superseding = (supersedes: string): Candidate => ({ ...proven(), judged: { digest: 'd', supersedes } });
  const codes = (row: Partial<Used>, named = old) => {
    const known = new Map([[old, { id: old, agent_id: 'a', sha256: 's', state: 'accepted' as const, code: null, ...row }]]);
    return withinOwn([superseding(named)], known).map(({ judged }) => judged.refusal?.code ?? 'accepted');
  }; // prettier-ignore

  it('is an accepted action of the same agent', () => {
    expect(codes({})).toEqual(['accepted']);
    expect(withinOwn([{ ...proven(), judged: { digest: 'd' } }], new Map())[0]?.judged.refusal).toBeUndefined();
  });

  it.each<[string, Partial<Used>, string?]>([
    ['of another agent', { agent_id: 'b' }],
    ['that was rejected', { state: 'rejected' }],
    ['that there is not', {}, other],
    ['that is itself', {}, id],
    ['that is no id', {}, 'the last one'],
  ])('is none %s', (...[, row, named]) => {
    expect(codes(row, named)).toEqual(['supersedes_unknown']);
  });
});
