import type { Crowd, Known, ProblemCode, WaitingLimits } from '#contracts';
import type { RequestHeader } from '#trust';
import type { Ask } from './ask.js';
import { isActionId, isStale } from './freshness.js';
import type { Judged, Refusal } from './judge-request.js';

/** A request whose signature verified. */
export interface Proven {
  ask: Ask;
  header: RequestHeader;
  agent: Known<'agents'>;
  /** `sha256:…` of the value bytes: what makes a request "the same". */
  sha256: string;
}

/** An id that is used, by whom and for what. */
export interface Used {
  id: string;
  agent_id: string;
  sha256: string;
  state: 'accepted' | 'rejected';
  code: ProblemCode | null;
}

/** A proven request with an unused id: it will use that id up, whether it is accepted or rejected. */
export interface Candidate extends Proven {
  judged: Judged;
}

export type Settled =
  | { kind: 'new'; candidate: Candidate }
  /** The same request again: it has the state it has. */
  | { kind: 'again'; used: Used }
  /** The same request twice in this slice. */
  | { kind: 'twice'; of: Candidate }
  /** Neither an outcome of that id, nor a use of it. */
  | { kind: 'dead'; refusal: Refusal };

export interface SettleParts {
  used: ReadonlyMap<string, Used>;
  now: Date;
  judge: (proven: Proven) => Judged;
}

/** What becomes of each request of a slice, in its order: the first with an unused id gets it. */
export function settle(requests: readonly Proven[], { used, now, judge }: SettleParts): Settled[] {
  const taken = new Map<string, Candidate>();
  return requests.map((proven): Settled => {
    const { id } = proven.header.ce;
    if (proven.ask.carriage !== 'good') return dead(proven.ask.carriage);
    if (!isActionId(id)) return dead('schema_mismatch', 'id: expected a UUIDv7 in lower case');
    const before = used.get(id);
    if (before) return clashWith(before, proven) ?? { kind: 'again', used: before };
    const earlier = taken.get(id);
    if (earlier) return clashWith(usedBy(earlier), proven) ?? { kind: 'twice', of: earlier };
    if (isStale(id, proven.header.iat, proven.ask.appendedAt ?? now.getTime())) return dead('stale');
    const candidate = { ...proven, judged: judge(proven) };
    taken.set(id, candidate);
    return { kind: 'new', candidate };
  });
}

/** Other bytes under a used id. To another agent nothing is said but that the id is taken. */
export function clashWith(used: Pick<Used, 'agent_id' | 'sha256'>, proven: Proven): Settled | undefined {
  if (used.agent_id !== proven.agent.id) return dead('id_taken');
  return used.sha256 === proven.sha256 ? undefined : dead('id_conflict');
}

const usedBy = ({ agent, sha256 }: Candidate): Pick<Used, 'agent_id' | 'sha256'> => ({ agent_id: agent.id, sha256 });

const dead = (code: ProblemCode, detail?: string): Settled => ({
  kind: 'dead',
  refusal: detail === undefined ? { code } : { code, detail },
});

/** Within the quota as it was granted, in the order of the slice; the rest is refused as `rate_limited`. */
export function withinQuota(candidates: readonly Candidate[], granted: ReadonlyMap<string, number>): Candidate[] {
  const left = new Map(granted);
  return candidates.map((candidate) => {
    const rest = left.get(candidate.agent.id) ?? 0;
    left.set(candidate.agent.id, rest - 1);
    if (rest > 0) return candidate;
    return { ...candidate, judged: { digest: candidate.judged.digest, refusal: { code: 'rate_limited' } } };
  });
}

/**
 * Whoever has as many requests before people as they may have is asked to wait; the rest of the slice is refused as `pending_limit`. What this
 * slice lets in is not counted: nobody knows yet whether it will wait for people. Approvals counts those exactly.
 */
export function withinCrowd(
  candidates: readonly Candidate[],
  crowd: Crowd,
  limitsOf: (agent: Candidate['agent']) => WaitingLimits,
): Candidate[] {
  return candidates.map((candidate) => {
    const { agent, judged } = candidate;
    const waiting = { agent: agent.id, owner: agent.spec.owner, task: judged.taskId };
    if (judged.refusal !== undefined || crowd.hasRoom(waiting, limitsOf(agent))) return candidate;
    return { ...candidate, judged: { digest: judged.digest, refusal: { code: 'pending_limit' } } };
  });
}

/** What supersedes something must name an accepted action of its own agent. Of another agent's nothing is said, as of one that there is not. */
export function withinOwn(candidates: readonly Candidate[], used: ReadonlyMap<string, Used>): Candidate[] {
  return candidates.map((candidate) => {
    const { agent, judged } = candidate;
    if (judged.refusal !== undefined || judged.supersedes === undefined) return candidate;
    const before = used.get(judged.supersedes);
    if (before?.agent_id === agent.id && before.state === 'accepted') return candidate;
    return { ...candidate, judged: { digest: judged.digest, refusal: { code: 'supersedes_unknown' } } };
  });
}

/** How many new requests of each agent this slice holds, and how many a minute may have. */
export function quotaAsked(candidates: readonly Candidate[]): { agentId: string; asked: number; most: number }[] {
  const asked = new Map<string, { agentId: string; asked: number; most: number }>();
  for (const { agent } of candidates) {
    const before = asked.get(agent.id);
    if (before) before.asked += 1;
    else asked.set(agent.id, { agentId: agent.id, asked: 1, most: agent.spec.requests_per_minute });
  }
  return [...asked.values()];
}
