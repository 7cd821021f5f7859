import { z } from 'zod';
import { digest, entryId, instant, uuidv7 } from '../ids.js';

export const redeemBody = z.strictObject({
  action_digest: digest,
  /** Which of the agent's registered `use: enc` keys to deliver to; the first of them when it is not there. */
  public_key: z.looseObject({ kty: z.string(), crv: z.string(), x: z.string(), y: z.string().optional() }).optional(),
});

export const leaseState = z.enum([
  'offered', 'minting', 'active', 'ending', 'ended', 'lapsed', 'cancelled', 'refused',
]); // prettier-ignore
export type LeaseState = z.infer<typeof leaseState>;

export const leaseAnswer = z.object({
  lease_id: uuidv7,
  action_id: uuidv7,
  agent_id: z.string(),
  state: leaseState,
  code: z.string().optional(),
  profile: z.string(),
  /** The registered target where the credential is, or would be. */
  target: z.string().optional(),
  ttl_seconds: z.int(),
  uses: z.int(),
  offer_expires_at: instant,
  expires_at: instant.optional(),
  /** Mode `brokered`, once the statement has run: what came of it, never the rows. */
  result: z.object({ digest, row_count: z.int().nonnegative() }).optional(),
  /** Its target has not confirmed the end, several times over; it is tried until it has. */
  stuck: z.boolean(),
});

export type LeaseAnswer = z.infer<typeof leaseAnswer>;

/** `GET /v1/leases?state=&agent=&cursor=`: newest first; `next` is the `cursor` of the page of older ones. */
export const leasesAnswer = z.object({ leases: z.array(leaseAnswer), next: uuidv7.optional() });
export type LeasesAnswer = z.infer<typeof leasesAnswer>;

/** `state` is one state or several with commas between them; all when it is not there. `cursor` is the `next` of the page before. */
export const leasesQuery = z.strictObject({
  state: z
    .string()
    .max(256)
    .transform((text) => text.split(','))
    .pipe(z.array(leaseState))
    .default(leaseState.options),
  agent: entryId.optional(),
  cursor: uuidv7.optional(),
});
export type LeasesQuery = z.infer<typeof leasesQuery>;

export const endLeaseBody = z.strictObject({ reason: z.string().min(1).max(4_096) });

export const consumeBody = z.strictObject({
  token: z.string().max(16_384),
  /** The agent's DPoP proof for the tool's own URL. */
  agent_proof: z.string().max(8_192),
  htm: z.string().max(16),
  htu: z.string().max(2_048),
});

/** The exact frozen action: the tool runs this and nothing else. */
export const consumeAnswer = z.object({
  action_id: uuidv7,
  action_digest: digest,
  agent_id: z.string(),
  action: z.object({ name: z.string(), properties: z.record(z.string(), z.unknown()) }),
  resource: z.object({ type: z.string(), id: z.string() }),
  uses_left: z.int().nonnegative(),
  expires_at: instant,
});
export type ConsumeAnswer = z.infer<typeof consumeAnswer>;
