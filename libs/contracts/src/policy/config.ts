import { z } from 'zod';
import { entryId } from '../ids.js';
import { masking } from '../statements.js';

const classification = z.enum(['public', 'internal', 'confidential', 'restricted']);
const environment = z.enum(['production', 'staging', 'development']);
const actions = z.array(z.string().min(1));
const quorum = z.int().min(1).max(20);
const seconds = z.int().min(1);
const minor = z.int().nonnegative();
/** A no that held for longer than a month would be a rule; it is forgotten then. */
const coolDown = z.int().min(0).max(2_592_000);

/**
 * `enforce` counts; `shadow` is evaluated and reported, and changes nothing; `off` is not evaluated. Guards have no mode: a
 * mode for their rule ids is ignored by the fold.
 */
const ruleMode = z.strictObject({ mode: z.enum(['enforce', 'shadow', 'off']) });

/** The data that the rules read (`sallyport.config/1`): thresholds, tiers, groups, modes. Safe to change without touching Rego. */
export const policyConfig = z.strictObject({
  contract: z.literal('sallyport.config/1'),
  defaults: z.strictObject({
    approval_ttl_s: seconds,
    credential_ttl_s: seconds,
    credential_max_uses: z.int().min(1),
    offer_ttl_s: seconds,
  }),
  rules: z.record(z.string().regex(/^[A-Z]+-\d{3}$/u), ruleMode),
  scope: z.strictObject({
    /** Profiles that no agent is ever given. */
    forbidden_profiles: z.array(entryId),
    wide_group: entryId,
    wide_quorum: quorum,
    /** Who decides what an agent could also do without the gate. */
    standing_group: entryId.default('security'),
    standing_quorum: quorum.default(1),
  }),
  db: z.strictObject({
    actions,
    group: entryId,
    quorum_in_window: quorum,
    quorum_outside: quorum,
    /** Whose people may say no to a change outside the window, without a seat. */
    veto_outside: z.array(entryId),
    credential_ttl_s: seconds,
    /** Where a change, and where even a destructive one, needs nobody. */
    free_environments: z.array(environment),
    destructive_free_environments: z.array(environment),
    data_group: entryId,
    data_quorum: quorum,
  }),
  data: z.strictObject({
    actions,
    group: entryId,
    quorum,
    /** From more rows than this on, and where the number is unknown. */
    bulk_rows: z.int().nonnegative(),
    bulk_quorum: quorum,
    classifications: z.array(classification),
    countries: z.array(z.string()),
    credential_ttl_s: seconds,
  }),
  pay: z.strictObject({
    actions,
    /** Actions that need name no payee, because the money goes back where it came from. */
    without_payee: actions,
    group: entryId,
    quorum,
    directors_group: entryId,
    directors_quorum: quorum,
    /** Whether directors confirm their votes with a security key. */
    directors_step_up: z.boolean(),
    /**
     * A currency that is not listed is refused. Above the tier, directors decide, whatever the agent's own limit; an agent's sum of
     * 24 hours, with what people decided, never passes the ceiling.
     */
    currencies: z.record(
      z.string().regex(/^[A-Z]{3}$/u),
      z.strictObject({ directors_above_minor: minor, daily_ceiling_minor: minor }),
    ),
    credential_ttl_s: seconds,
  }),
  incident: z.strictObject({
    actions,
    group: entryId,
    quorum,
    max_targets: z.int().min(1),
    /** Who may decide as well when nobody of the group has, after how long. */
    escalate: z.strictObject({ after_s: seconds, to: entryId }).optional(),
    credential_ttl_s: seconds,
  }),
  emergency: z.strictObject({
    waives: z.array(z.string()),
    severities: z.array(z.enum(['sev1', 'sev2', 'sev3', 'sev4'])),
    credential_ttl_s: seconds,
    review_group: entryId,
    review_due_s: seconds,
    notify: z.array(entryId),
  }),
  rate: z.strictObject({
    group: entryId,
    quorum,
    /** Per agent and action name in a minute: above `soft` people decide, above `hard` nobody does. */
    usual: z.strictObject({ soft: z.int().min(1), hard: z.int().min(1) }),
    actions: z.record(z.string(), z.strictObject({ soft: z.int().min(1), hard: z.int().min(1) })),
    /** For how long a person's no answers the same request again: usually, and by action name. 0 = not at all. */
    cool_down_s: coolDown.default(3_600),
    cool_downs: z.record(z.string(), coolDown).default({}),
  }),
  /** How much of the secret parts of an action is shown to people who look at it, by group. */
  secrets: z
    .strictObject({ usual: masking, groups: z.record(entryId, masking) })
    .default({ usual: 'masked', groups: {} }),
});
export type PolicyConfig = z.infer<typeof policyConfig>;
