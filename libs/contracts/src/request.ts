import { z } from 'zod';
import { entryId } from './ids.js';

const text = z.string().max(16_384);

/** A person as tokens name them. Names and mail addresses are never identity. */
export const issuerSubject = z.strictObject({ iss: z.string().min(1).max(512), sub: z.string().min(1).max(256) });
export type IssuerSubject = z.infer<typeof issuerSubject>;

/**
 * The value of `sallyport.action.requested.v1`. Everything in `context` and
 * `resource.properties` is a claim of the agent; facts come from the registry.
 */
export const requestValue = z.strictObject({
  subject: z.strictObject({ type: z.literal('agent'), id: entryId }),
  action: z.strictObject({ name: z.string().min(1).max(128), properties: z.record(z.string(), z.unknown()) }),
  resource: z.strictObject({
    type: z.string().min(1).max(128),
    id: entryId,
    properties: z.record(z.string(), z.unknown()).optional(),
  }),
  context: z.strictObject({
    justification: z.string().min(1).max(4_096),
    change: z
      .strictObject({
        ticket: text.optional(),
        rollback_plan: text.optional(),
        window_id: z.string().max(256).optional(),
        tested: z.boolean().optional(),
      })
      .optional(),
    on_behalf_of: issuerSubject.optional(),
    incident: z.string().max(256).optional(),
    task_id: z.string().max(256).optional(),
    session_id: z.string().max(256).optional(),
    supersedes: z.string().max(64).optional(),
  }),
  requested_access: z.strictObject({
    profile: entryId,
    ttl_seconds: z.int().positive().max(86_400),
    uses: z.int().positive().max(1_000).optional(),
  }),
});
export type RequestValue = z.infer<typeof requestValue>;

/** The CloudEvents attributes that the agent signs. */
export const signedAttributes = z.strictObject({ id: z.string(), source: z.string(), type: z.string() });
export type SignedAttributes = z.infer<typeof signedAttributes>;

export const requestType = 'sallyport.action.requested.v1';

/** Limits of the strict parser: bytes, levels, array items, bytes of one string. */
export const requestLimits = { bytes: 65_536, depth: 32, arrayItems: 1_000, stringBytes: 16_384 } as const;

/** The same for a body in which a whole request stands as one text, with facts and signatures beside it. */
export const evidenceLimits = { bytes: 262_144, depth: 32, arrayItems: 10_000, stringBytes: 131_072 } as const;
