import { z } from 'zod';

export const routingProblemKind = z.enum(['group_missing', 'too_few_people', 'agent_leaves_too_few', 'no_channel']);

/** Something that would end requests as `no_eligible_approver`. */
export const routingProblem = z.object({
  kind: routingProblemKind,
  group: z.string(),
  /** Where the policy settings name the group so. */
  where: z.string(),
  agent: z.string().optional(),
  detail: z.string(),
  todo: z.string(),
});
export type RoutingProblem = z.infer<typeof routingProblem>;

export const routingHealthAnswer = z.object({
  /** What was looked at: groups that rules can name, and agents that can ask. */
  groups: z.int(),
  agents: z.int(),
  problems: z.array(routingProblem),
});
export type RoutingHealthAnswer = z.infer<typeof routingHealthAnswer>;
