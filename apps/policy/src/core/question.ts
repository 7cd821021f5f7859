import { agentUrn, requestValue, type Acceptance, type RequestEvidence, type RequestValue } from '#contracts';
import { actionDigest, shapeDigest } from '#trust';

/** A frozen action that has to be judged. */
export interface Question {
  actionId: string;
  agentId: string;
  /** The agent's registry version that intake accepted it with; the copy here may be newer. */
  agentVersion: number;
  digest: string;
  request: RequestValue;
}

/** What this question has in common with others that ask the same, whatever the agent says about them. */
export function shapeOf({ agentId, request }: Pick<Question, 'agentId' | 'request'>): string {
  return shapeDigest({ source: agentUrn(agentId), data: request });
}

export type Read =
  | { kind: 'sound'; question: Question }
  /** Intake accepted this action; what stands beside that is not what it froze. Doubt denies, visibly. */
  | { kind: 'doubtful'; digest: string }
  /** No acceptance for this id and agent: nothing of this gate, so nothing is said about it. */
  | { kind: 'forged' };

/** Takes intake's statement at its word, and computes the digest anew from the bytes, because the rules will read those. */
export function readQuestion(
  named: { actionId: string; agentId: string },
  evidence: RequestEvidence,
  accepted: Acceptance | undefined,
): Read {
  if (accepted === undefined || !isAbout(accepted, named)) return { kind: 'forged' };
  const data = readJson(evidence.value);
  const request = requestValue.safeParse(data);
  const isFrozen =
    request.success &&
    request.data.subject.id === named.agentId &&
    actionDigest({ id: accepted.ce.id, source: accepted.ce.source, data }) === accepted.action_digest;
  if (!isFrozen) return { kind: 'doubtful', digest: accepted.action_digest };
  const question = {
    ...named,
    agentVersion: accepted.agent.version,
    digest: accepted.action_digest,
    request: request.data,
  };
  return { kind: 'sound', question };
}

function isAbout({ action_id, agent, ce }: Acceptance, named: { actionId: string; agentId: string }): boolean {
  return action_id === named.actionId && ce.id === named.actionId && agent.id === named.agentId;
}

/** The bytes were parsed strictly before they were frozen, and the digest says that they are the same. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
