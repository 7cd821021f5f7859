import { z } from 'zod';

/** UUIDv7 in lower case: action ids, lease ids, event ids (RFC 9562 section 5.7). */
export const uuidv7 = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u);

/** Ids that registrars choose. No colon: `kind:id` is a Kafka key and must split in one way only. */
export const entryId = z.string().regex(/^[a-z0-9](?:[a-z0-9._/@-]{0,126}[a-z0-9])?$/iu);

/** `sha256:<base64url>`, 32 bytes. */
export const digest = z.string().regex(/^sha256:[A-Za-z0-9_-]{43}$/u);

/** RFC 3339 UTC with milliseconds. */
export const instant = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/u);

/** RFC 7638 thumbprint, SHA-256, base64url. */
export const thumbprint = z.string().regex(/^[A-Za-z0-9_-]{43}$/u);

/** JWS compact serialisation (RFC 7515 section 7.1). */
export const compactJws = z.string().regex(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/u);

/** Detached JWS `<protected>..<signature>` (RFC 7515 appendix F). */
export const detachedJws = z.string().regex(/^[A-Za-z0-9_-]+\.\.[A-Za-z0-9_-]+$/u);

/** An integer in minor units of an ISO 4217 currency. */
export const money = z.strictObject({
  amount_minor: z.int().nonnegative(),
  currency: z.string().regex(/^[A-Z]{3}$/u),
});

export const agentUrn = (agentId: string): string => `urn:sallyport:agent:${agentId}`;
export const serviceUrn = (service: string): string => `urn:sallyport:service:${service}`;

/** The agent id in `urn:sallyport:agent:<id>`, or undefined when the URN is of another kind. */
export function agentOfUrn(urn: string): string | undefined {
  const prefix = 'urn:sallyport:agent:';
  return urn.startsWith(prefix) && urn.length > prefix.length ? urn.slice(prefix.length) : undefined;
}

/** Two figures for one currency would leave open which of them holds. */
export function eachCurrencyOnce(list: readonly { currency: string }[]): boolean {
  return new Set(list.map(({ currency }) => currency)).size === list.length;
}

/** A registry entry at the version that was used. */
export const versioned = z.strictObject({ id: entryId, version: z.int().positive() });
export type Versioned = z.infer<typeof versioned>;
