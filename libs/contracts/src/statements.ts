import { z } from 'zod';
import { deniedCode, offeredCode, outcomeName } from './codes.js';
import { compactJws, detachedJws, digest, entryId, instant, money, thumbprint, uuidv7, versioned } from './ids.js';
import { countedVote } from './person-statements.js';
import { signedAttributes } from './request.js';

/** Gate keys: one per service and purpose, pinned in the trust file. */
export const keyPurposes = [
  'registry', 'acceptance', 'verdict', 'vote', 'person-key', 'lease', 'token', 'outcome', 'service', 'checkpoint',
] as const; // prettier-ignore
export const keyPurpose = z.enum(keyPurposes);
export type KeyPurpose = z.infer<typeof keyPurpose>;

/** intake: this agent asked exactly this. */
export const acceptance = z.strictObject({
  gate: z.string(),
  action_id: uuidv7,
  action_digest: digest,
  agent: versioned,
  ce: signedAttributes,
  received_at: instant,
});
export type Acceptance = z.infer<typeof acceptance>;

/** A point that an approving person confirms, beside the fact that it is about. */
export const confirmation = z.strictObject({
  id: z.string(),
  text: z.string(),
  /** The claim as the agent wrote it, if the point is about one. */
  claim: z.unknown().optional(),
  fact: z.strictObject({ value: z.unknown(), source: z.string(), at: instant }).optional(),
});
export type Confirmation = z.infer<typeof confirmation>;

/**
 * Where people of a stage come from: a group, or one named person. What policy has looked up for itself says of whom it is: the owner group
 * of that resource, the manager of that person.
 */
export const seatSource = z.union([
  z.strictObject({ group: entryId, owner_of: entryId.optional() }),
  z.strictObject({ person: entryId, manager_of: entryId.optional() }),
]);
export type SeatSource = z.infer<typeof seatSource>;

export const stage = z.strictObject({
  /** Stages run in the order of this number; equal numbers do not occur. */
  stage: z.int().positive(),
  /** Whose people decide: this one group, or else whoever `from` names. One of the two is there, never both. */
  group: entryId.optional(),
  from: z.array(seatSource).min(1).max(20).optional(),
  quorum: z.int(),
  /** The delegated limit that a person of this stage needs at least. */
  min_limit: money.optional(),
  confirmations: z.array(confirmation),
  /** Counted from the moment in which the stage begins: silence until then ends the request. The plan's deadline holds besides. */
  deadline_seconds: z.int().positive().optional(),
  /** After so long a silence people of this group may fill seats of the stage too. Nobody loses a seat, and the quorum stays. */
  escalate: z.strictObject({ after_seconds: z.int().nonnegative(), to: entryId }).optional(),
});
export type Stage = z.infer<typeof stage>;

/** How much people are shown of a secret value: all of it; that there is one, and of a long text its end; or its digest. */
export const masking = z.enum(['shown', 'masked', 'digest']);
export type Masking = z.infer<typeof masking>;

/** Which parts of the action are secret, and who is shown how much of them. */
export const planSecrets = z.strictObject({
  /** Members of `action.properties`, at any depth, whose values are secret. */
  names: z.array(z.string()).min(1),
  /** For groups that are not listed, and for people who are in no group of the plan. */
  usual: masking,
  groups: z.array(z.strictObject({ group: entryId, masking })),
  /** SHA-256 of the request's text with the values hidden so: whoever may not read them can still check what they are shown. */
  texts: z.strictObject({ masked: digest, digest }),
});
export type PlanSecrets = z.infer<typeof planSecrets>;

/** Who must decide. Persons are ids of the registry's `people`; linked identities are one person. */
export const plan = z.strictObject({
  stages: z.array(stage).min(1),
  /** Groups whose people may say no, and fill no seat: nobody waits for them. */
  veto: z.array(entryId).min(1).optional(),
  /** Never decide, whatever the group: the agent's owner, registrar, principals, payee, beneficiary. */
  excluded: z.array(
    z.strictObject({ person: entryId, why: z.enum(['owner', 'registrar', 'in_delegation_chain', 'excluded']) }),
  ),
  deadline_at: instant,
  /** All stages begin at once, and each vote names the stage whose seat it fills. Without it they run in order. */
  parallel: z.literal(true).optional(),
  /** When the first stage begins (all of them, in parallel); only where a stage counts seconds. A later one begins when the one before is complete. */
  begins_at: instant.optional(),
  /** Each approving vote is confirmed with a security key. */
  step_up: z.boolean(),
  /** Only where the action has a secret part. */
  secrets: planSecrets.optional(),
});
export type Plan = z.infer<typeof plan>;

/** What a lease may become at most; the minimum over verdict, profile and approving votes is granted. */
export const grant = z.strictObject({
  profile: versioned,
  ttl_seconds: z.int(),
  uses: z.int(),
  scope: z.strictObject({
    action: z.string(),
    resource: z.strictObject({ type: z.string(), id: entryId }),
  }),
  offer_ttl_seconds: z.int(),
});
export type Grant = z.infer<typeof grant>;

export const findingEffect = z.enum(['allow', 'require_approval', 'deny', 'emergency']);
export const severity = z.enum(['low', 'medium', 'high', 'critical']);

export const finding = z.strictObject({
  rule: z.string(),
  title: z.string(),
  effect: findingEffect,
  code: z.string(),
  params: z.record(z.string(), z.unknown()),
  severity,
  controls: z.array(z.string()),
});
export type Finding = z.infer<typeof finding>;

export const obligations = z.strictObject({
  /** Groups that are told besides those that decide. */
  notify: z.array(entryId),
  /** A review that must be closed before the same rule may be used again. */
  review: z
    .strictObject({
      rule: z.string(),
      group: entryId,
      due_seconds: z.int().positive(),
      incident: z.string().optional(),
    })
    .optional(),
});
export type Obligations = z.infer<typeof obligations>;

/** One fact as policy used it. */
export const fact = z.strictObject({ value: z.unknown(), source: z.string(), at: instant });
export type Fact = z.infer<typeof fact>;
/** By dotted path of the policy input, for example `resource.environment`. */
export const facts = z.record(z.string(), fact);
export type Facts = z.infer<typeof facts>;

export const verdictPurpose = z.enum(['first', 'vote', 'redeem', 'break_glass']);
export const verdictOutcome = z.enum(['allow', 'require_approval', 'deny']);

/** policy: this is what the rules say about this action. `plan` iff require_approval; `grant` unless deny. */
export const verdict = z.strictObject({
  gate: z.string(),
  purpose: verdictPurpose,
  action_id: uuidv7,
  agent: versioned,
  action_digest: digest,
  outcome: verdictOutcome,
  /** `policy_allowed`, `emergency_rule`, or why not; for require_approval `approved` is what it may become. */
  code: z.union([offeredCode, deniedCode]),
  plan: plan.optional(),
  grant: grant.optional(),
  obligations,
  findings: z.array(finding),
  facts_digest: digest,
  bundle_digest: digest,
  iat: z.int(),
  exp: z.int(),
});
export type Verdict = z.infer<typeof verdict>;

/**
 * Why a second redeem is no fetch of a lost answer: by another key of the agent, for other bytes or another encryption key, or
 * when the answer is not kept any more (acknowledged, ended, or its time is over).
 */
export const replayWhy = z.enum(['other_key', 'other_request', 'too_late']);
export type ReplayWhy = z.infer<typeof replayWhy>;

/** credentials: somebody with a key of this agent has redeemed this lease once more. */
export const replay = z.strictObject({
  gate: z.string(),
  action_id: uuidv7,
  agent_id: entryId,
  lease_id: uuidv7,
  why: replayWhy,
  /** Of the key that came. */
  jkt: thumbprint,
  /** Whether this ends the lease (`end_on_replay` of its profile). */
  ends: z.boolean(),
  iat: z.int(),
});
export type Replay = z.infer<typeof replay>;

/** What the agent is told. Never a secret. */
export const outcomeValue = z.strictObject({
  action_id: uuidv7,
  action_digest: digest,
  outcome: outcomeName,
  code: z.string(),
  reasons: z.array(z.string()),
  lease: z
    .strictObject({
      id: uuidv7,
      redeem_url: z.string(),
      offer_expires_at: instant,
      profile: entryId,
      mode: z.enum(['token', 'role', 'brokered']),
    })
    .optional(),
  approval: z.strictObject({ expires_at: instant }).optional(),
  /** Of a denial that is over by itself: asked again before, the same request is answered the same. */
  ask_again_at: instant.optional(),
});
export type OutcomeValue = z.infer<typeof outcomeValue>;

/**
 * An outcome as its holder signed it: `value` is the exact JSON text, `signature` a detached JWS over its UTF-8 bytes
 * (`typ` `sallyport-outcome+jws`, purpose `outcome`, `aud` = URN of the agent, `ce` {id, source, type}).
 */
export const signedOutcome = z.strictObject({
  ce: signedAttributes,
  value: z.string(),
  signature: detachedJws,
});
export type SignedOutcome = z.infer<typeof signedOutcome>;

/** What intake accepted, carried unchanged to the end. `value` is the exact UTF-8 text that the agent signed. */
export const requestEvidence = z.strictObject({
  value: z.string(),
  signature: detachedJws,
  acceptance: compactJws,
});
export type RequestEvidence = z.infer<typeof requestEvidence>;

/** What policy adds: the verdict, and the facts whose digest stands in it. */
export const verdictEvidence = z.strictObject({
  request: requestEvidence,
  verdict: compactJws,
  facts,
});
export type VerdictEvidence = z.infer<typeof verdictEvidence>;

/** What approvals adds. */
export const grantEvidence = verdictEvidence.extend({ votes: z.array(countedVote).min(1) });
export type GrantEvidence = z.infer<typeof grantEvidence>;
