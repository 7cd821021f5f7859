import { z } from 'zod';
import { compactJws, digest, entryId, instant } from '../ids.js';
import { voteDecision } from '../person-statements.js';
import { evidenceAnswer } from './approvals.js';

const base64url = z.string().regex(/^[A-Za-z0-9_-]+$/u);

/** The secret of a link to a page where a security key is used: 32 bytes, known to whoever asked for it. */
export const linkSecret = base64url.length(43);

/** Where to use the security key, once, before `expires_at`. `secret` reads the result. */
export const ceremonyAnswer = z.object({ id: z.string(), url: z.url(), secret: linkSecret, expires_at: instant });
export type CeremonyAnswer = z.infer<typeof ceremonyAnswer>;

/** `person`: a registrar opens an enrolment for somebody else, who then uses the link. */
export const enrolBody = z.strictObject({ label: z.string().min(1).max(64), person: entryId.optional() });
export type EnrolBody = z.infer<typeof enrolBody>;

export const webauthnKeyLine = z.object({
  credential_id: base64url,
  label: z.string(),
  enrolled_by: entryId,
  enrolled_at: instant,
});
export const webauthnKeysAnswer = z.object({ keys: z.array(webauthnKeyLine) });
export type WebauthnKeysAnswer = z.infer<typeof webauthnKeysAnswer>;
export const endWebauthnKeyAnswer = z.object({ credential_id: base64url, state: z.literal('ended') });
export type EndWebauthnKeyAnswer = z.infer<typeof endWebauthnKeyAnswer>;

/** What the page shows is rendered from `evidence`, whose every part has its own signature; `view_digest` is what the caller has seen of it. */
export const stepUpBody = z.strictObject({ decision: voteDecision, view_digest: digest, evidence: evidenceAnswer });
export type StepUpBody = z.infer<typeof stepUpBody>;

export const stepUpQuery = z.strictObject({ c: linkSecret });

/** `statement` goes with the vote; an enrolment and a pull have none. */
export const stepUpResult = z.object({
  state: z.enum(['waiting', 'done', 'expired']),
  statement: compactJws.optional(),
});
export type StepUpResult = z.infer<typeof stepUpResult>;

const optional = z.unknown().optional();
/** What the browser answers (WebAuthn Level 3, section 5.1: `toJSON`); what is not needed is left alone. */
export const assertionResponse = z.object({
  id: base64url.max(1_366),
  rawId: base64url.max(1_366),
  type: z.literal('public-key'),
  clientExtensionResults: z.record(z.string(), z.unknown()).default({}),
  authenticatorAttachment: optional,
  response: z.object({
    authenticatorData: base64url.max(4_096),
    clientDataJSON: base64url.max(4_096),
    signature: base64url.max(1_366),
    userHandle: optional,
  }),
});
export type AssertionResponse = z.infer<typeof assertionResponse>;

export const attestationResponse = z.object({
  id: base64url.max(1_366),
  rawId: base64url.max(1_366),
  type: z.literal('public-key'),
  clientExtensionResults: z.record(z.string(), z.unknown()).default({}),
  response: z.object({ attestationObject: base64url.max(32_768), clientDataJSON: base64url.max(4_096) }),
});
export type AttestationResponse = z.infer<typeof attestationResponse>;

/** What the page sends: the secret of its link, and what the authenticator said. */
export const ceremonyBody = z.strictObject({ secret: linkSecret, credential: z.unknown() });
export const ceremonyDone = z.object({ state: z.literal('done') });
export type CeremonyDone = z.infer<typeof ceremonyDone>;
