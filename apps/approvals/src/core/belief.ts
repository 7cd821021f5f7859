import {
  requestValue,
  type Acceptance,
  type DecisionView,
  type Facts,
  type RequestValue,
  type Verdict,
} from '#contracts';
import { actionDigest, digestOf, parseStrict, variantsOf, viewOf, type ViewInput } from '#trust';

/** What an event of policy says, and what of it verified: undefined where a signature or a schema did not. */
export interface Claimed {
  actionId: string;
  agentId: string;
  /** The exact text that the agent signed. */
  value: string;
  facts: Facts;
  acceptance: Acceptance | undefined;
  verdict: Verdict | undefined;
}

export type Believed =
  /** Acceptance, verdict, frozen bytes and facts are of one action. */
  | { kind: 'sound'; verdict: Verdict; request: RequestValue }
  /** Policy did hand this action on; what stands beside its verdict does not hold. Doubt denies, visibly. */
  | { kind: 'doubtful'; actionDigest: string }
  /**
   * Not what intake accepted, or not what policy judged so: somebody else's event. Nothing is said about the action, because
   * another service may hold it, and it must not end twice.
   */
  | { kind: 'forged' };

/**
 * Is this evidence what policy said about what intake accepted? The digest is computed again from the bytes, because
 * people will read those bytes and not the digest.
 */
export function believe(claimed: Claimed, outcome: 'allow' | 'require_approval'): Believed {
  const { acceptance, verdict } = claimed;
  if (acceptance === undefined || !isOf(acceptance, claimed)) return { kind: 'forged' };
  if (verdict === undefined || !judges(verdict, acceptance, outcome)) return { kind: 'forged' };
  const request = requestOf(claimed.value, acceptance);
  const isSound = isWhole(verdict) && digestOf(claimed.facts) === verdict.facts_digest;
  if (request === undefined || !isSound) return { kind: 'doubtful', actionDigest: acceptance.action_digest };
  return { kind: 'sound', verdict, request };
}

function isOf(acceptance: Acceptance, claimed: Claimed): boolean {
  return (
    acceptance.action_id === claimed.actionId &&
    acceptance.ce.id === claimed.actionId &&
    acceptance.agent.id === claimed.agentId
  );
}

function requestOf(value: string, acceptance: Acceptance): RequestValue | undefined {
  const parsed = parseStrict(Buffer.from(value, 'utf8'));
  if (!parsed.ok) return undefined;
  const { id, source } = acceptance.ce;
  if (actionDigest({ id, source, data: parsed.value }) !== acceptance.action_digest) return undefined;
  const request = requestValue.safeParse(parsed.value);
  return request.success ? request.data : undefined;
}

function judges(verdict: Verdict, acceptance: Acceptance, outcome: 'allow' | 'require_approval'): boolean {
  return verdict.purpose === 'first' && verdict.outcome === outcome && isAbout(verdict, acceptance);
}

/** A verdict about exactly the accepted action of exactly this agent. */
export function isAbout(verdict: Verdict, acceptance: Acceptance): boolean {
  return (
    verdict.action_id === acceptance.action_id &&
    verdict.action_digest === acceptance.action_digest &&
    verdict.agent.id === acceptance.agent.id
  );
}

function isWhole(verdict: Verdict): boolean {
  return verdict.grant !== undefined && (verdict.plan !== undefined) === (verdict.outcome === 'require_approval');
}

/**
 * What people would be shown, of several variants the one that hides the most; undefined when it cannot be rendered, because something that no signature of policy or
 * intake covers (the agent's own, say) is not what it should be. What nobody can be shown, nobody can decide.
 */
export function shownOf(input: Omit<ViewInput, 'variant'>): DecisionView | undefined {
  try {
    const views = variantsOf(input.verdict.plan ?? {}).map((variant) => viewOf({ ...input, variant }));
    return views.at(-1);
  } catch {
    return undefined;
  }
}
