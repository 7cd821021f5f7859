import { z } from 'zod';

export const target = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('postgres'),
    /** The name of a secret that credentials alone holds: the connection of the minting account. */
    connection_secret: z.string(),
    /** What agents are told. */
    host: z.string(),
    port: z.int().min(1).max(65_535),
    database: z.string(),
  }),
  z.strictObject({
    kind: z.literal('tool'),
    base_url: z.url(),
    jwks: z.strictObject({
      keys: z.array(
        z.strictObject({
          kty: z.enum(['OKP', 'EC']),
          crv: z.enum(['Ed25519', 'P-256']),
          x: z.string(),
          y: z.string().optional(),
          kid: z.string(),
          use: z.literal('sig'),
          alg: z.string().optional(),
        }),
      ),
    }),
  }),
]);
export type Target = z.infer<typeof target>;
