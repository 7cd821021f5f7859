import { z } from 'zod';
import { entryId } from '../ids.js';

/** Each kind of credential: how its leases are told of (`mode` in outcomes), and the kind of target that it needs. */
export const issuerKinds = {
  token: { mode: 'token', target: 'tool' },
  'postgres-role': { mode: 'role', target: 'postgres' },
  'postgres-brokered': { mode: 'brokered', target: 'postgres' },
} as const;
export type IssuerKind = keyof typeof issuerKinds;

/** What credentials may make for which actions: its own floors, whatever a verdict says. */
export const profile = z
  .strictObject({
    issuer: z.enum(Object.keys(issuerKinds) as [IssuerKind, ...IssuerKind[]]),
    target: entryId,
    actions: z.array(z.string()).min(1),
    /** Resource pattern: `*` = one segment, `**` = the rest. */
    resources: z.array(z.string()).min(1),
    max_ttl_seconds: z.int().positive().max(86_400),
    uses: z.int().positive().max(1_000),
    requires_person: z.boolean(),
    min_quorum: z.int().nonnegative(),
    /** A second redeem that is no fetch of a lost answer ends the lease (`ended/replayed`). */
    end_on_replay: z.boolean().optional(),
    /** Of PostgreSQL: the profile of the same name installed at the target. */
    target_profile: z.string().max(63).optional(),
    /** Of PostgreSQL: its actions only read. `doctor` says where the target would let them change something. */
    read_only: z.boolean().optional(),
    /** postgres-brokered: most rows that the statement may return or change; with one more, nothing happens. */
    max_rows: z.int().positive().max(10_000).optional(),
  })
  .refine((p) => issuerKinds[p.issuer].target !== 'postgres' || (p.uses === 1 && p.target_profile !== undefined), {
    message: 'a profile of a database has uses 1 and names its target_profile',
  })
  .refine((p) => (p.issuer === 'postgres-brokered') === (p.max_rows !== undefined), {
    message: 'max_rows is for postgres-brokered, which needs it',
  });
export type Profile = z.infer<typeof profile>;
