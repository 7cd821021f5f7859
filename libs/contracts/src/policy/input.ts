import { z } from 'zod';
import { eachCurrencyOnce, entryId, instant } from '../ids.js';
import { issuerSubject } from '../request.js';
import { severity } from '../statements.js';

const environment = z.enum(['production', 'staging', 'development']);
const classification = z.enum(['public', 'internal', 'confidential', 'restricted']);
const name = z.string().min(1).max(256);

/** What the agent signed and intake froze. Not a claim: it is what will run. */
const frozenAction = z.strictObject({
  name,
  properties: z.record(z.string(), z.unknown()),
  access: z.strictObject({ profile: entryId, ttl_seconds: z.int().positive(), uses: z.int().positive() }),
});

/** What the agent wrote about the action, verbatim. No allow and no emergency finding reads any of it. */
const claims = z.strictObject({
  justification: z.string(),
  change: z
    .strictObject({
      ticket: z.string().optional(),
      rollback_plan: z.string().optional(),
      window_id: z.string().optional(),
      tested: z.boolean().optional(),
    })
    .optional(),
  on_behalf_of: issuerSubject.optional(),
  incident: z.string().optional(),
  task_id: z.string().optional(),
  session_id: z.string().optional(),
  supersedes: z.string().optional(),
  resource: z.record(z.string(), z.unknown()).optional(),
});

const subject = z.strictObject({
  type: z.literal('agent'),
  id: entryId,
  version: z.int().positive(),
  owner: z.strictObject({ person: entryId, active: z.boolean() }),
  principals: z.array(
    z.strictObject({
      person: entryId,
      active: z.boolean(),
      identities: z.array(issuerSubject).max(16),
      manager: entryId.optional(),
    }),
  ),
  scope: z.array(z.strictObject({ actions: z.array(z.string()), resources: z.array(z.string()) })),
  limits: z
    .array(
      z.strictObject({
        currency: z.string(),
        single_minor: z.int().nonnegative(),
        daily_minor: z.int().nonnegative(),
      }),
    )
    .refine(eachCurrencyOnce, 'each currency once'),
  /** Accounts that it has at the target of the requested profile, whatever the gate gives or takes. */
  outside_access: z.array(z.strictObject({ target: entryId, account: z.string() })),
  environment,
  state: z.enum(['active', 'suspended']),
  expired: z.boolean(),
});

const resourceFact = z.strictObject({
  type: name,
  id: entryId,
  version: z.int().positive(),
  environment,
  owner_group: entryId,
  classification,
  criticality: severity,
});

/** The profile that was asked for, as registered. `environments`: those of the registered resources it covers. */
const profileFact = z.strictObject({
  id: entryId,
  version: z.int().positive(),
  issuer: z.string(),
  actions: z.array(z.string()),
  resources: z.array(z.string()),
  environments: z.array(environment),
  max_ttl_seconds: z.int().positive(),
  uses: z.int().positive(),
});

/** The maintenance window of the resource that is open by the database clock; never the claimed one. */
const windowFact = z.discriminatedUnion('open', [
  z.strictObject({ open: z.literal(true), id: z.string(), opened_at: instant, closes_at: instant }),
  z.strictObject({ open: z.literal(false) }),
]);

/** A declared incident whose playbook covers this action on this resource, not ended by the database clock. */
const incidentFact = z.strictObject({
  id: entryId,
  version: z.int().positive(),
  severity: z.enum(['sev1', 'sev2', 'sev3', 'sev4']),
  playbook: z.string(),
  ends_at: instant,
  declared_by: z.string(),
  /** An active person who is a member of `soc-lead` now. */
  human: z.boolean(),
  /** The declarer owns, registered, or is a principal of this agent. */
  in_chain: z.boolean(),
});

/** What the SQL does, by PostgreSQL's own grammar. What does not parse counts as destructive. */
const statementFact = z.strictObject({
  parsed: z.boolean(),
  count: z.int().nonnegative(),
  kinds: z.array(z.string()),
  tables: z.array(z.string()),
  destructive: z.boolean(),
});

/**
 * Whether a person has said no to a request of the same shape (same agent, action, resource and access) before this one, and how long
 * before; the last time counts.
 */
const refusalFact = z.discriminatedUnion('refused', [
  z.strictObject({ refused: z.literal(true), seconds_ago: z.int().nonnegative() }),
  z.strictObject({ refused: z.literal(false) }),
]);

/** Money of this agent in this currency over 24 hours, in flight included, without this action. */
const spendFact = z.strictObject({
  currency: z.string(),
  /** Allowed without people. */
  own_minor: z.int().nonnegative(),
  /** Decided, or waiting to be decided, by people. */
  people_minor: z.int().nonnegative(),
});

const counterpartyFact = z.discriminatedUnion('registered', [
  z.strictObject({
    registered: z.literal(true),
    id: entryId,
    version: z.int().positive(),
    approved: z.boolean(),
    dpa: z.boolean(),
    country: z.string(),
  }),
  z.strictObject({ registered: z.literal(false), id: z.string() }),
]);

/** The requested fields against the resource's registered ones and the counterparty's entitlements. */
const sharingFact = z.strictObject({
  fields: z.array(
    z.strictObject({
      name: z.string(),
      known: z.boolean(),
      classification: classification.optional(),
      secret: z.boolean(),
      entitled: z.boolean(),
    }),
  ),
});

/**
 * What the rules see (`sallyport.input/1`). `action` is frozen, `claims` are the agent's words, all the rest are facts that
 * the host resolved from the registry, the database clock and its counters, never by an id found in a claim.
 * Absent means unknown; there are no nulls.
 */
export const policyInput = z.strictObject({
  contract: z.literal('sallyport.input/1'),
  action: frozenAction,
  claims,
  subject,
  resource: resourceFact,
  context: z.strictObject({
    at: instant,
    risk: severity,
    profile: profileFact.optional(),
    window: windowFact,
    incidents: z.array(incidentFact),
    /** Rules whose review is still open. */
    open_reviews: z.array(z.string()),
    /** How many actions of this name the agent had asked for in the minute before this one. */
    velocity: z.strictObject({ count: z.int().nonnegative(), window_seconds: z.int().positive() }),
    refusal: refusalFact,
    spend: spendFact.optional(),
    counterparty: counterpartyFact.optional(),
    sharing: sharingFact.optional(),
    statement: statementFact.optional(),
  }),
});
export type PolicyInput = z.infer<typeof policyInput>;
export type PolicyClaims = PolicyInput['claims'];
