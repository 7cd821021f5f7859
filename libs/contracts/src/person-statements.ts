import { z } from 'zod';
import { compactJws, digest, entryId, instant, thumbprint, uuidv7, versioned } from './ids.js';

const base64url = z.string().regex(/^[A-Za-z0-9_-]+$/u);

export const voteDecision = z.enum(['approve', 'deny']);
export const caps = z.strictObject({
  ttl_seconds: z.int().positive().optional(),
  uses: z.int().positive().optional(),
});
export type Caps = z.infer<typeof caps>;

/**
 * credentials: this key belongs to whoever signed in as (iss, sub) at this provider. `until` (NumericDate, RFC 7519) is
 * eight hours after that person was authenticated; nothing makes it later.
 */
export const personKey = z.strictObject({
  gate: z.string(),
  thumbprint,
  iss: z.string(),
  sub: z.string(),
  /** The session at the provider, where it names sessions. */
  sid: z.string().optional(),
  until: z.int(),
});
export type PersonKey = z.infer<typeof personKey>;

/** The vote itself, signed by the person's own key (`typ` `sallyport-vote+jws`). Whose key that is, credentials states. */
export const vote = z.strictObject({
  gate: z.string(),
  action_id: uuidv7,
  action_digest: digest,
  plan_digest: digest,
  view_digest: digest,
  variant: z.string(),
  decision: voteDecision,
  reason: z.string().max(4_096),
  confirmed: z.array(z.string()),
  caps: caps.optional(),
  /** The stage whose seat the person fills, where all stages of the plan are open at once. */
  stage: z.int().positive().optional(),
  jti: uuidv7,
  iat: z.int(),
});
export type Vote = z.infer<typeof vote>;

/**
 * A call that changes something, signed by the key of the person who makes it (`typ` `sallyport-call+jws`): this method
 * at this URL, with exactly this body and this precondition, once. Whose key that is, credentials states.
 */
export const personCall = z.strictObject({
  gate: z.string(),
  method: z.string(),
  /** The whole URL, as the service is known to the outside, its query included. */
  url: z.string(),
  /** Of the exact bytes; absent when there are none. */
  body_digest: digest.optional(),
  /** `If-Match`, where the call carries one: which version the change is made to. */
  if_match: z.string().optional(),
  jti: z.string().min(1).max(128),
  iat: z.int(),
});
export type PersonCall = z.infer<typeof personCall>;

/** What an authenticator signed (WebAuthn Level 3, section 6.3.3), each part base64url. */
export const assertion = z.strictObject({
  credential_id: base64url.max(1_366),
  authenticator_data: base64url.max(4_096),
  client_data: base64url.max(4_096),
  signature: base64url.max(1_366),
});
export type Assertion = z.infer<typeof assertion>;

/** What a person confirms with a security key: this decision, on exactly this view of this action. The challenge is a digest over it. */
export const stepUpAbout = z.strictObject({
  gate: z.string(),
  decision: voteDecision,
  action_id: uuidv7,
  action_digest: digest,
  plan_digest: digest,
  view_digest: digest,
  /** 32 bytes, base64url: made for this one confirmation. */
  nonce: base64url.length(43),
});
export type StepUpAbout = z.infer<typeof stepUpAbout>;

/**
 * credentials: the security key of whoever is (iss, sub) has confirmed this, with the person verified. The assertion stands
 * beside it, so that it can be looked at again.
 */
export const stepUp = stepUpAbout.extend({
  iss: z.string(),
  sub: z.string(),
  assertion,
  confirmed_at: instant,
});
export type StepUp = z.infer<typeof stepUp>;

/**
 * A person gives the seat that they hold in this plan to another one, signed by their own key (`typ`
 * `sallyport-delegation+jws`). Whoever receives it decides by themselves; nothing of it goes onward.
 */
export const delegation = z.strictObject({
  gate: z.string(),
  action_id: uuidv7,
  action_digest: digest,
  plan_digest: digest,
  to: entryId,
  /** Not later than the plan's own deadline. */
  until: instant,
  reason: z.string().min(1).max(4_096),
  jti: uuidv7,
  iat: z.int(),
});
export type Delegation = z.infer<typeof delegation>;

/** As its giver signed it, and the statement about the key that signed it. */
export const signedDelegation = z.strictObject({ delegation: compactJws, person_key: compactJws });
export type SignedDelegation = z.infer<typeof signedDelegation>;

/** approvals: this vote was received and fills this seat. */
export const counting = z.strictObject({
  gate: z.string(),
  action_id: uuidv7,
  proof_digest: digest,
  person: entryId,
  person_version: z.int().positive(),
  /** Without a group where the plan names the person. */
  seat: z.strictObject({ stage: z.int().positive(), group: versioned.optional() }),
  /** Whose seat it is, where that person has given it away, and when that was received. */
  delegated: z.strictObject({ by: versioned, given_at: instant }).optional(),
  /** The action type that the view was rendered with; absent when none was registered. */
  action_type: versioned.optional(),
  received_at: instant,
});
export type Counting = z.infer<typeof counting>;

/** approvals: these votes fill the plan, and the action is handed on. Said once about an action, ever; only then does credentials hold it. */
export const granting = z.strictObject({
  gate: z.string(),
  action_id: uuidv7,
  agent_id: entryId,
  action_digest: digest,
  plan_digest: digest,
  /** Of the votes' own statements, in the order of the event. */
  votes: z.array(digest).min(1),
  granted_at: instant,
  iat: z.int(),
});
export type Granting = z.infer<typeof granting>;

export const reviewVerdict = z.enum(['fit', 'unfit', 'follow_up']);

/** approvals: this person has looked at what this rule released for this action, and has closed the review. */
export const closing = z.strictObject({
  gate: z.string(),
  action_id: uuidv7,
  agent_id: entryId,
  review_id: uuidv7,
  rule: z.string(),
  group: entryId,
  verdict: reviewVerdict,
  reason: z.string(),
  by: entryId,
  closed_at: instant,
  iat: z.int(),
});
export type Closing = z.infer<typeof closing>;

/** A vote, whose key signed it, and where it counts. Without `person_key` (as it was said before people signed) it verifies nowhere. */
export const countedVote = z.strictObject({
  vote: compactJws,
  counting: compactJws,
  person_key: compactJws.optional(),
  /** The confirmation with a security key, where the plan asks for one. */
  step_up: compactJws.optional(),
  /** Where the seat is another person's: how they gave it away. */
  delegated: signedDelegation.optional(),
});
export type CountedVote = z.infer<typeof countedVote>;
