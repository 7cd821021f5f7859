import { z } from 'zod';

/** Why a person may not decide, or receive the seat of somebody who may; stands beside `not_eligible` and `receiver_not_eligible`. */
export const notEligibleWhy = z.enum([
  'self_approval', 'in_delegation_chain', 'owner', 'not_in_group', 'already_voted', 'not_a_person', 'limit_too_low',
  'registrar', 'excluded', 'seat_taken', 'delegated', 'has_seat',
]); // prettier-ignore
export type NotEligibleWhy = z.infer<typeof notEligibleWhy>;

interface ProblemText {
  status: number;
  title: string;
  /** What the caller can do about it. */
  todo: string;
}

/** Every stable error code, its HTTP status (RFC 9457), and the words a person reads. The same codes stand in `rejected` outcomes. */
export const problems = {
  malformed_json: { status: 400, title: 'The body is not JSON', todo: 'Send one UTF-8 JSON document (RFC 8259) without a byte order mark.' },
  duplicate_key: { status: 400, title: 'A JSON object names the same member twice', todo: 'Name each member once (RFC 7493).' },
  not_i_json: { status: 400, title: 'The JSON is not interoperable', todo: 'Avoid lone surrogates and numbers outside the exact range of a double; send ids and money as strings or safe integers (RFC 7493).' },
  schema_mismatch: { status: 400, title: 'The body does not have the expected shape', todo: 'Compare the body with the documented schema; the path names the first difference.' },
  unknown_action: { status: 400, title: 'No such action type is registered', todo: 'Ask a registrar to register the action type, or correct its name.' },
  text_not_allowed: { status: 400, title: 'A field contains characters that are not allowed', todo: 'Remove control, bidirectional and invisible characters from ids and names.' },
  unsupported_mode: { status: 400, title: 'Only CloudEvents binary mode is accepted', todo: 'Send attributes as headers and the data as the value.' },
  principal_not_registered: { status: 400, title: 'The named principal is not registered for this agent', todo: 'Name a registered principal in context.on_behalf_of.' },
  logout_token_invalid: { status: 400, title: 'The logout token is not accepted', todo: 'Send one fresh logout token of a listed provider (OpenID Connect Back-Channel Logout 1.0).' },
  supersedes_unknown: { status: 400, title: 'The request supersedes no action of this agent', todo: 'Name an action of your own in context.supersedes, or leave it out.' },
  signature_missing: { status: 401, title: 'The request carries no signature', todo: 'Sign the exact value bytes with the key registered for this agent.' },
  signature_invalid: { status: 401, title: 'The signature does not verify', todo: 'Sign exactly the bytes that are sent, with aud, iat and ce as documented.' },
  key_unknown: { status: 401, title: 'The signing key is not registered', todo: 'Register the public key, or use the registered one.' },
  stale: { status: 401, title: 'The request is too old or too far in the future', todo: 'Correct the clock and sign again with a fresh id.' },
  proof_invalid: { status: 401, title: 'The proof of possession does not verify', todo: 'Make a fresh DPoP proof for this method, URL, nonce and body (RFC 9449).' },
  use_dpop_nonce: { status: 401, title: 'The proof needs the nonce of this answer', todo: 'Repeat the call with the value of the DPoP-Nonce header.' },
  token_invalid: { status: 401, title: 'The token is not accepted here', todo: 'Sign in again and ask for a token for this service.' },
  not_eligible: { status: 403, title: 'You may not decide this request', todo: 'Somebody else has to decide; `why` says what stands against you.' },
  receiver_not_eligible: { status: 403, title: 'That person may not receive your seat', todo: 'Choose somebody else; `why` says what stands against them.' },
  step_up_required: { status: 403, title: 'This decision needs a stronger sign-in', todo: 'Confirm with the registered security key.' },
  agent_suspended: { status: 403, title: 'This agent is suspended', todo: 'A registrar can resume it.' },
  not_found: { status: 404, title: 'There is nothing here that you may see', todo: 'Check the id, and who you are signed in as.' },
  id_conflict: { status: 409, title: 'This id was used for another request', todo: 'Use a fresh id for different content.' },
  id_taken: { status: 409, title: 'This id is taken', todo: 'Use a fresh UUIDv7.' },
  view_changed: { status: 409, title: 'What you saw is no longer what would run', todo: 'Read the request again and decide on the new view.' },
  already_decided: { status: 409, title: 'This request is already decided', todo: 'Read its state.' },
  digest_mismatch: { status: 409, title: 'The digest is not that of the approved action', todo: 'Send the digest of the action that was approved.' },
  version_conflict: { status: 409, title: 'The entry was changed meanwhile', todo: 'Read the entry again and repeat with its current version in If-Match.' },
  policy_changed: { status: 409, title: 'Policy no longer permits this action', todo: 'Ask again; the action is judged by the current policy.' },
  evidence_invalid: { status: 409, title: 'The evidence behind this lease does not verify', todo: 'Ask again; tell the operators, this should not happen.' },
  profile_mismatch: { status: 409, title: 'The profile does not fit this action', todo: 'Request a profile that covers the action and resource.' },
  mint_failed: { status: 409, title: 'The credential could not be made', todo: 'Ask again; nothing was left behind at the target.' },
  expired: { status: 410, title: 'Too late: the offer has expired', todo: 'Ask again.' },
  already_redeemed: { status: 410, title: 'This lease was already redeemed', todo: 'A lease is redeemed once. If it was not you, tell the operators.' },
  already_used: { status: 410, title: 'This token was already used', todo: 'Ask again for another use.' },
  ended: { status: 410, title: 'This lease has ended', todo: 'Ask again.' },
  too_large: { status: 413, title: 'The body or a field is too large', todo: 'Stay within the documented limits.' },
  too_long_to_show: { status: 413, title: 'A value is too long to be shown to the people who would decide', todo: 'Send less at once, or ask a registrar for a summary of this property in the action type.' },
  too_deep: { status: 413, title: 'The JSON is nested too deeply', todo: 'Stay within 32 levels.' },
  confirmation_missing: { status: 422, title: 'A point was not confirmed', todo: 'Confirm every point of the stage, or deny.' },
  rate_limited: { status: 429, title: 'Too many requests', todo: 'Wait as long as Retry-After says.' },
  pending_limit: { status: 429, title: 'Too many requests wait for people', todo: 'Wait until some are decided.' },
  dependency_unavailable: { status: 503, title: 'A part that is needed does not answer', todo: 'Try again as Retry-After says; nothing was decided.' },
} as const satisfies Record<string, ProblemText>; // prettier-ignore

export type ProblemCode = keyof typeof problems;

/** RFC 9457 body. `code` is stable; `title` and `todo` are for people. */
export interface Problem {
  type: string;
  status: number;
  code: ProblemCode;
  title: string;
  todo: string;
  why?: NotEligibleWhy;
  detail?: string;
}

/** `detail` never holds a secret, a stack, or a hint whether somebody else's action exists. */
export function problem(code: ProblemCode, more: { why?: NotEligibleWhy; detail?: string } = {}): Problem {
  const { status, title, todo } = problems[code];
  return { type: `urn:sallyport:problem:${code}`, status, code, title, todo, ...more };
}

/** Thrown by handlers, answered by the HTTP filter as problem+json. Not a fault: nothing is broken. */
export class ProblemError extends Error {
  readonly problem: Problem;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ProblemCode, more: { why?: NotEligibleWhy; detail?: string; retryAfterSeconds?: number } = {}) {
    super(code);
    this.name = 'ProblemError';
    const { retryAfterSeconds, ...rest } = more;
    this.problem = problem(code, rest);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
