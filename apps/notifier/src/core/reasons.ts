import { problems } from '#contracts';

/** What a code means to whoever asked. Findings of rules have codes of their own; those are shown as they are. */
const texts: Readonly<Record<string, string>> = {
  policy_denied: 'The rules do not allow this action.',
  person_denied: 'A person with authority said no.',
  refused_before: 'A person said no to this very request a short while ago; until that is over it is not asked again.',
  no_eligible_approver: 'Nobody is left who may decide this: the groups are empty, or everybody in them is excluded.',
  policy_unsatisfiable: 'The rules ask for something that cannot be had.',
  engine_error: 'The rules could not be evaluated; that counts as no. The operators see it.',
  unknown_resource: 'The resource is not registered.',
  claim_contradicts_fact: 'Something the request claims is not what the registry says.',
  policy_allowed: 'The rules allow this action.',
  approved: 'The people who had to decide approved.',
  emergency_rule: 'An emergency rule released this at once; a review follows.',
  approval_expired: 'Nobody decided in time. That is not a no by a person: you may ask again.',
  offer_expired: 'The offer was not collected in time. You may ask again.',
  agent_cancelled: 'The agent itself asked to end this.',
  superseded: 'The agent has asked for something else in its place.',
  question_asked:
    'A person asks something before they decide; a new request that names this one in context.supersedes answers it.',
  withdrawn: 'A person took the approval back.',
  stopped: 'A person stopped this.',
  agent_suspended: 'The agent is suspended.',
  kill_switch: 'An emergency stop is in force.',
  completed: 'The agent said that it is done.',
  ttl: 'The time was up.',
  result_lost:
    'The statement was run and committed, but its result was lost before it was delivered. Do not ask again blindly.',
  replayed: 'Somebody came a second time for what the lease had given, and it was ended.',
  other_key: 'Another key of the agent came than the one that had collected it.',
  other_request: 'The second call was for other bytes, or to be delivered to another key.',
  too_late: 'The second call came after the answer had been acknowledged, ended, or kept long enough.',
};

/** Never empty: an unknown code speaks for itself. */
export function reasonText(code: string): string {
  const problem = Object.hasOwn(problems, code) ? problems[code as keyof typeof problems] : undefined;
  const text = Object.hasOwn(texts, code) ? texts[code] : undefined;
  return text ?? (problem === undefined ? code.replaceAll('_', ' ') : `${problem.title}. ${problem.todo}`);
}
