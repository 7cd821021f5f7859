import { z } from 'zod';
import { digest, entryId, instant, uuidv7 } from './ids.js';

/* What credentials gives: to the agent, and to the tool that the agent goes to. */

/** The claims of an action token (RFC 9068 `at+jwt`, RFC 9396 authorization_details, RFC 9449 cnf.jkt). */
export const actionTokenClaims = z.strictObject({
  iss: z.string(),
  sub: z.string(),
  client_id: z.string(),
  aud: z.string(),
  jti: uuidv7,
  iat: z.int(),
  exp: z.int(),
  cnf: z.strictObject({ jkt: z.string() }),
  act: z.strictObject({ sub: z.string() }).optional(),
  authorization_details: z.tuple([
    z.strictObject({
      type: z.literal('sallyport_action'),
      action_id: uuidv7,
      action_digest: digest,
      lease_id: uuidv7,
    }),
  ]),
});
export type ActionTokenClaims = z.infer<typeof actionTokenClaims>;

/** What the gate got for a statement that it ran itself. Values are PostgreSQL's own text; `type` is the OID of a column's type. */
export const brokeredResult = z.strictObject({
  kind: z.literal('result'),
  columns: z.array(z.strictObject({ name: z.string(), type: z.int() })),
  rows: z.array(z.array(z.string().nullable())),
  /** Rows returned, or changed where none are returned. */
  row_count: z.int().nonnegative(),
  /** SHA-256 over JCS of columns, rows and row_count: what stands in the gate's records and at the target. */
  digest,
});
export type BrokeredResult = z.infer<typeof brokeredResult>;

const bundle = {
  gate: z.string(),
  lease_id: uuidv7,
  action_id: uuidv7,
  action_digest: digest,
  agent_id: entryId,
  expires_at: instant,
};

export const credential = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('token'), token: z.string(), tool_url: z.string(), uses: z.int().positive() }),
  z.strictObject({
    kind: z.literal('postgres'),
    host: z.string(),
    port: z.int(),
    database: z.string(),
    user: z.string(),
    password: z.string(),
  }),
]);
export type Credential = z.infer<typeof credential>;

/** The JWS inside the JWE that redeem answers (purpose `lease`): a credential, or in mode `brokered` the result. */
export const leaseBundle = z.union([
  z.strictObject({ ...bundle, credential }),
  z.strictObject({ ...bundle, result: brokeredResult }),
]);
export type LeaseBundle = z.infer<typeof leaseBundle>;
