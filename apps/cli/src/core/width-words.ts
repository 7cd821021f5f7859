import type { Width, WidthCode } from '#contracts';

/** What is too wide, and the next step. */
const words: Record<WidthCode, [what: string, fix: string]> = {
  ttl_above_rules: ['lasts longer than the rules ever give', 'lower its max_ttl_seconds'],
  uses_above_rules: ['has more uses than the rules ever give', 'lower its uses'],
  action_of_nobody: ['names actions that no agent may ask for', 'take them out of its actions'],
  resource_of_nobody: ['covers resources on which no agent may ask for its actions', 'name the resources that are needed'],
  rules_unknown: ['could not be compared with the rules', 'look at the log of policy'],
  special_rights: ['gives rights over the whole server of the target', 'take them from its group there'],
  other_database: ['lets into other databases of the target', 'sallyport targets install postgres --harden'],
  can_change: ['is for reading, and can change tables', 'take those grants from its group at the target'],
  can_create: ['is for reading, and can create objects', 'take CREATE on those schemas from its group at the target'],
  ttl_at_target: ['may last longer at the target than registered', 'sallyport targets install postgres --profile NAME=GROUP:SECONDS'],
  not_at_target: ['is not installed at the target', 'sallyport targets install postgres --profile NAME=GROUP'],
  of_no_profile: ['is installed at the target and registered nowhere', 'remove it from sallyport.profiles there'],
  target_unknown: ['could not be compared with its target', 'bring the target back, or install its functions again'],
}; // prettier-ignore

export function widthWords({ code, detail, target }: Width): { result: string; fix: string } {
  const [what, fix] = words[code];
  return { result: `${what}: ${detail} (${code}, ${target})`, fix };
}
