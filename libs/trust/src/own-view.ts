import {
  acceptance, registryEntry, specs, verdict, type Acceptance, type DecisionView, type DelegateBody, type Delegation, type EvidenceAnswer, type Known, type Verdict, type Vote,
  type VoteBody,
} from '#contracts'; // prettier-ignore
import { verifyRequestSignature } from './request-signature.js';
import type { Trust } from './trust.js';
import type { ViewVariant } from './secrets.js';
import { variantOfText, viewOf } from './view.js';

export type OwnView = { ok: true; view: DecisionView } | { ok: false; why: string };

export interface OwnViewInput {
  evidence: EvidenceAnswer;
  /** The action that was asked for. */
  actionId: string;
  /** The doors that the agent may have signed for: the topic, and the HTTP route. */
  audiences: readonly string[];
}

/**
 * What a person decides on, rendered by whoever decides and not by the service that asks: every part of the evidence is
 * verified by its own signature and must be about this action. Nothing of it is taken on the word of approvals. Where parts
 * of the action are secret to this person, the agent's signature cannot be checked: policy's stands for the text that is shown.
 */
export function ownView(trust: Trust, { actionId, audiences, evidence }: OwnViewInput): OwnView {
  const judged = readVerdict(trust, evidence, actionId);
  if (judged === undefined) return no('the verdict is not policy’s verdict on this action');
  const accepted = readAcceptance(trust, evidence, judged);
  if (accepted === undefined) return no('intake has not accepted this action');
  const agent = readEntry(trust, 'agents', evidence.agent);
  if (agent?.id !== judged.agent.id || agent.version !== judged.agent.version) return no('the agent is not the registered one');
  const variant = variantOfText(judged, evidence.request.value);
  if (variant === 'full' && !isAsked(evidence, { accepted, agent, audiences })) return no('the agent has not signed this request');
  const actionType = evidence.action_type === undefined ? undefined : readEntry(trust, 'action-types', evidence.action_type);
  if ((evidence.action_type === undefined) !== (actionType === undefined)) return no('the action type is not the registered one');
  return render({ judged, evidence, agent, actionType, variant });
} // prettier-ignore

const no = (why: string): OwnView => ({ ok: false, why });

function readVerdict(trust: Trust, evidence: EvidenceAnswer, actionId: string): Verdict | undefined {
  const read = trust.verify(evidence.verdict, { purpose: 'verdict', service: 'policy', schema: verdict });
  const isThis = read.ok && read.payload.action_id === actionId && read.payload.outcome === 'require_approval';
  return isThis ? read.payload : undefined;
}

function readAcceptance(trust: Trust, { request }: EvidenceAnswer, judged: Verdict): Acceptance | undefined {
  const by = { purpose: 'acceptance', service: 'intake', schema: acceptance } as const;
  const read = trust.verify(request.acceptance, by);
  if (!read.ok) return undefined;
  const { action_digest, action_id, agent } = read.payload;
  const isThis = action_id === judged.action_id && action_digest === judged.action_digest && agent.id === judged.agent.id;
  return isThis ? read.payload : undefined;
} // prettier-ignore

function readEntry<K extends 'agents' | 'action-types'>(trust: Trust, kind: K, jws: string): Known<K> | undefined {
  const read = trust.verify(jws, { purpose: 'registry', service: 'registry', schema: registryEntry });
  if (!read.ok || read.payload.kind !== kind || read.payload.deleted) return undefined;
  const { changed_at, changed_by, id, version } = read.payload;
  const spec = specs[kind].safeParse(read.payload.spec);
  // The schema of `kind` has just parsed it.
  return spec.success ? ({ kind, id, version, changed_by, changed_at, spec: spec.data } as Known<K>) : undefined;
}

function isAsked(
  { request }: EvidenceAnswer,
  { accepted, agent, audiences }: { accepted: Acceptance; agent: Known<'agents'>; audiences: readonly string[] },
): boolean {
  const bytes = Buffer.from(request.value, 'utf8');
  const keys = (kid: string) => {
    const key = agent.spec.jwks.keys.find((each) => each.kid === kid && each.use === 'sig');
    return key && { ...key, agentId: agent.id };
  };
  return audiences.some(
    (aud) => verifyRequestSignature(bytes, request.signature, { aud, keys, attributes: accepted.ce }).ok,
  );
}

interface Pieces {
  judged: Verdict;
  evidence: EvidenceAnswer;
  agent: Known<'agents'>;
  actionType: Known<'action-types'> | undefined;
  variant: ViewVariant;
}

function render({ actionType, agent, evidence, judged, variant }: Pieces): OwnView {
  const { facts, request } = evidence;
  try {
    const view = viewOf({ verdict: judged, facts, request, agent, actionType, variant });
    return actionType === undefined || actionType.id === view.action.name
      ? { ok: true, view }
      : no('the action type is of another action');
  } catch {
    return no('its parts do not belong together');
  }
}

/** The statement that a person signs to decide as `body` says on what this view shows. `now` in milliseconds. */
export function voteOn(
  view: Pick<DecisionView, 'action_id' | 'action_digest' | 'plan_digest' | 'variant'>,
  body: Pick<VoteBody, 'decision' | 'reason' | 'view_digest' | 'confirmed' | 'caps' | 'stage'>,
  by: { gate: string; jti: string; now: number },
): Vote {
  const { action_digest, action_id, plan_digest, variant } = view;
  const { caps, confirmed, decision, reason, stage, view_digest } = body;
  const said = { decision, reason, confirmed, ...(caps && { caps }), ...(stage !== undefined && { stage }) };
  const { gate, jti, now } = by;
  return { gate, action_id, action_digest, plan_digest, view_digest, variant, ...said, jti, iat: Math.floor(now / 1_000) };
} // prettier-ignore

/** The statement that a person signs to give their seat in the plan of this view to another one. `now` in milliseconds. */
export function delegationOn(
  { action_digest, action_id, plan_digest }: Pick<DecisionView, 'action_id' | 'action_digest' | 'plan_digest'>,
  { reason, to, until }: Pick<DelegateBody, 'to' | 'until' | 'reason'>,
  { gate, jti, now }: { gate: string; jti: string; now: number },
): Delegation {
  return { gate, action_id, action_digest, plan_digest, to, until, reason, jti, iat: Math.floor(now / 1_000) };
}
