import { z } from 'zod';
import { compactJws, digest, entryId, instant, uuidv7 } from '../ids.js';
import { caps, countedVote, voteDecision } from '../person-statements.js';
import { confirmation, facts, finding, masking, requestEvidence, seatSource } from '../statements.js';

export const voteBody = z.strictObject({
  decision: voteDecision,
  reason: z.string().max(4_096),
  view_digest: digest,
  confirmed: z.array(z.string()).max(100).default([]),
  caps: caps.optional(),
  /** The stage whose seat a yes fills: needed where all stages of the plan are open at once. */
  stage: z.int().positive().optional(),
  /** The vote as the person's own key signed it, and the statement of credentials about that key. No vote counts without. */
  proof: compactJws.optional(),
  person_key: compactJws.optional(),
  /** The confirmation with a security key, as credentials stated it: for an approving vote where the plan asks for one. */
  webauthn: compactJws.optional(),
});
export type VoteBody = z.infer<typeof voteBody>;

/** The vote was counted; `state` and `stage` are what it led to. */
export const voteAnswer = z.object({
  action_id: uuidv7,
  state: z.enum(['open', 'granted', 'denied']),
  stage: z.int(),
});
export type VoteAnswer = z.infer<typeof voteAnswer>;

/** Gives the caller's seat in this request to another person. */
export const delegateBody = z.strictObject({
  to: entryId,
  until: instant,
  reason: z.string().min(1).max(4_096),
  /** The same as the giver's own key signed it, and the statement of credentials about that key. Nothing is given without. */
  proof: compactJws.optional(),
  person_key: compactJws.optional(),
});
export type DelegateBody = z.infer<typeof delegateBody>;

/** `stands`: given, or taken back. */
export const delegateAnswer = z.object({ action_id: uuidv7, to: entryId, until: instant, stands: z.boolean() });
export type DelegateAnswer = z.infer<typeof delegateAnswer>;

/** What a person asks the agent before they decide. */
export const questionBody = z.strictObject({ text: z.string().min(1).max(2_000) });
export const questionAnswer = z.object({ action_id: uuidv7, asked_at: instant });
export type QuestionAnswer = z.infer<typeof questionAnswer>;

/** `asked`: it was granted before, so the service that holds the lease was asked to end it. */
export const endApprovalAnswer = z.object({
  action_id: uuidv7,
  state: z.enum(['cancelled', 'granted']),
  asked: z.boolean(),
});
export type EndApprovalAnswer = z.infer<typeof endApprovalAnswer>;

export const reasonBody = z.strictObject({ reason: z.string().min(1).max(4_096) });

export const closeReviewBody = z.strictObject({
  verdict: z.enum(['fit', 'unfit', 'follow_up']),
  reason: z.string().min(1).max(4_096),
});

/** A list, summed up by the gate from the frozen bytes. The whole of it is in the evidence, and has this digest. */
export const shownSummary = z.strictObject({
  property: z.string(),
  rows: z.int(),
  digest,
  first: z.array(z.unknown()),
  /** `rows` of them have such a number; `of` is the value that they have in common. The sum is a decimal number, however large. */
  sums: z.array(z.strictObject({ field: z.string(), of: z.string().optional(), rows: z.int(), sum: z.string() })),
});
export type ShownSummary = z.infer<typeof shownSummary>;

/** What a person decides on. Its digest is `view_digest`; everything in it comes from frozen bytes and facts. */
export const decisionView = z.strictObject({
  version: z.literal('sallyport.view/1'),
  variant: z.string(),
  action_id: z.string(),
  action_digest: digest,
  plan_digest: digest,
  headline: z.string(),
  agent: z.strictObject({
    id: z.string(),
    version: z.int(),
    owner: z.string(),
    proof: z.string(),
    on_behalf_of: z.string().optional(),
  }),
  action: z.strictObject({
    name: z.string(),
    properties: z.record(z.string(), z.unknown()),
    inspectable: z.boolean(),
    /** Properties that are too long to be shown stand here, as their action type sums them up, and not among the others. */
    summaries: z.array(shownSummary).min(1).optional(),
  }),
  /** Members of the properties that are secret, and how they stand in this view; where they are hidden, they are hidden in all of it. */
  secrets: z.strictObject({ names: z.array(z.string()), are: masking }).optional(),
  resource: z.strictObject({ type: z.string(), id: z.string() }),
  /**
   * The exact signed text, for reading byte by byte. Where a secret is hidden, or a long value is summed up, that text in canonical form
   * with the secret hidden, and with the digest in the place of the value.
   */
  exact: z.string(),
  access: z.strictObject({ profile: z.string(), profile_version: z.int(), ttl_seconds: z.int(), uses: z.int() }),
  facts: z.array(z.strictObject({ name: z.string(), value: z.unknown(), source: z.string(), at: instant })),
  findings: z.array(finding),
  stages: z.array(
    z.strictObject({
      stage: z.int(),
      group: z.string().optional(),
      from: z.array(seatSource).optional(),
      quorum: z.int(),
      min_limit: z.strictObject({ amount_minor: z.int(), currency: z.string() }).optional(),
      confirmations: z.array(confirmation),
      deadline_seconds: z.int().optional(),
      escalate: z.strictObject({ after_seconds: z.int(), to: z.string() }).optional(),
    }),
  ),
  /** All stages are open at once. */
  parallel: z.literal(true).optional(),
  /** Groups whose people may say no without a seat. */
  veto: z.array(z.string()).optional(),
  excluded: z.array(z.strictObject({ person: z.string(), why: z.string() })),
  /** Each approving vote is confirmed with a security key. */
  step_up: z.literal(true).optional(),
  /** Last, and marked: written by the agent, not verified. */
  unverified: z.strictObject({ label: z.string(), context: z.record(z.string(), z.unknown()) }),
});
export type DecisionView = z.infer<typeof decisionView>;

export const approvalAnswer = z.object({
  decision: decisionView,
  view_digest: digest,
  /**
   * The last request of the same agent for the same action on the same resource that people approved. Beside the view: it proves nothing; its
   * own evidence does.
   */
  before: z.object({ action_id: uuidv7, granted_at: instant }).optional(),
  /** The question of a person that this request answers: asked about another request of the same agent, which it supersedes. Beside the view. */
  answers: z.object({ action_id: uuidv7, by: z.string(), text: z.string(), at: instant }).optional(),
  progress: z.object({
    state: z.enum(['open', 'granted', 'denied', 'expired', 'cancelled']),
    stage: z.int(),
    deadline_at: instant,
    /** The stage in which the reader could say yes now: the one to name where several are open. */
    yours: z.int().optional(),
    stages: z.array(
      z.object({
        stage: z.int(),
        /** The group that decides; where several or named people do, in words. */
        group: z.string(),
        quorum: z.int(),
        approved: z.int(),
        /** Its people may say yes now. */
        open: z.boolean().optional(),
        /** Of an open stage: silence until then ends the request. */
        deadline_at: instant.optional(),
        /** Of an open stage: from when on this group may fill seats of it too. */
        escalates: z.object({ at: instant, to: z.string() }).optional(),
      }),
    ),
    /** Seats that are given away. */
    delegated: z.array(z.object({ by: z.string(), to: z.string(), until: instant })).optional(),
    history: z.array(
      z.object({ at: instant, what: z.string(), by: z.string().optional(), reason: z.string().optional() }),
    ),
  }),
});
export type ApprovalAnswer = z.infer<typeof approvalAnswer>;

/** What the view is rendered from, each part with its signature, so that a client can verify and render it by itself. */
export const evidenceAnswer = z.object({
  action_id: uuidv7,
  /** `value` with secrets hidden for whoever may not read them; the verdict holds the digest of exactly that text. */
  request: requestEvidence,
  verdict: compactJws,
  facts,
  /** Registry entries as the registry signed them: the agent at the verdict's version, the action type as it was frozen. */
  agent: compactJws,
  action_type: compactJws.optional(),
  /** Of a granted request: the votes that filled its plan, as people signed them. */
  votes: z.array(countedVote).optional(),
});
export type EvidenceAnswer = z.infer<typeof evidenceAnswer>;

export const approvalLine = z.object({
  action_id: z.string(),
  agent_id: z.string(),
  headline: z.string(),
  severity: z.string(),
  group: z.string(),
  stage: z.int(),
  state: z.enum(['open', 'granted', 'denied', 'expired', 'cancelled']).optional(),
  opened_at: instant,
  deadline_at: instant,
  /** How many requests of the same shape by the same agent this line stands for; each is decided by itself. */
  count: z.int().positive().default(1),
});
export const approvalsAnswer = z.object({ approvals: z.array(approvalLine) });
export type ApprovalsAnswer = z.infer<typeof approvalsAnswer>;

export const reviewLine = z.object({
  review_id: z.string(),
  action_id: z.string(),
  rule: z.string(),
  group: z.string(),
  headline: z.string(),
  state: z.enum(['open', 'closed']),
  due_at: instant,
});
export const reviewsAnswer = z.object({ reviews: z.array(reviewLine) });
export type ReviewsAnswer = z.infer<typeof reviewsAnswer>;

export const closeReviewAnswer = z.object({ review_id: z.string(), state: z.literal('closed'), closed_at: instant });
export type CloseReviewAnswer = z.infer<typeof closeReviewAnswer>;
