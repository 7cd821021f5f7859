import type { LeaseAnswer, LeasesAnswer, LeaseState } from '#contracts';
import { duration, moment } from './plain-words.js';
import { row, table, wrap } from './say.js';

const running: readonly LeaseState[] = ['offered', 'minting', 'active'];

const stateOf = ({ state, code, stuck }: LeaseAnswer): string =>
  `${state}${code === undefined ? '' : ` (${code})`}${stuck ? ', STUCK' : ''}`;

/** Until when it can be collected or used; nothing for what is over or ending. */
function untilOf({ state, offer_expires_at, expires_at }: LeaseAnswer): string {
  if (state === 'offered') return moment(offer_expires_at);
  return running.includes(state) && expires_at !== undefined ? moment(expires_at) : '';
}

/** One line for each lease. Its action stands in `leases show`: two ids would not fit. */
export function leaseTable(leases: readonly LeaseAnswer[]): string {
  const rows = leases.map((lease) => [lease.lease_id, stateOf(lease), lease.agent_id, lease.profile, untilOf(lease)]);
  return table(['lease', 'state', 'agent', 'profile', 'until'], rows);
}

/** What to do next about a list: the words to type for older leases with the same filters, and for one that is stuck. */
export function afterList({ leases, next }: LeasesAnswer, filters: readonly string[]): string[] {
  const stuck = leases.find((lease) => lease.stuck);
  return [
    ...(stuck === undefined ? [] : [`Stuck: a target does not confirm the end. See: sallyport leases show ${stuck.lease_id}`]),
    ...(next === undefined ? [] : [`Older ones: ${['sallyport leases list', ...filters, `--cursor ${next}`].join(' ')}`]),
  ]; // prettier-ignore
}

/** One lease on one screen, with what can be done about it. */
export function showLease(lease: LeaseAnswer): string {
  const until = untilOf(lease);
  return [
    ...row('lease', lease.lease_id),
    ...row('action', lease.action_id),
    ...row('agent', lease.agent_id),
    ...row('profile', `${lease.profile}${lease.target === undefined ? '' : `, at ${lease.target}`}`),
    ...row('state', stateOf(lease)),
    ...(until === '' ? [] : [...row('until', until), ...row('lasts', lasts(lease))]),
    ...nextStep(lease),
  ].join('\n');
}

const lasts = ({ ttl_seconds, uses }: LeaseAnswer): string =>
  `${duration(ttl_seconds)} from redeem; ${String(uses)} ${uses === 1 ? 'use' : 'uses'} left`;

function nextStep({ lease_id, action_id, state, stuck, target = 'the target' }: LeaseAnswer): string[] {
  if (running.includes(state)) return ['', `End it: sallyport leases end ${lease_id} --reason <text>`];
  if (stuck) return ['', ...wrap(stuckWords(target), 0)];
  return state === 'ending' ? ['', `Follow it: sallyport actions watch ${action_id}`] : [];
}

const stuckWords = (target: string): string =>
  `${target} has not confirmed that this credential is gone, so it may still work there. It is tried until it has. ` +
  `See whether ${target} is up, and whether the credentials service reaches it.`;
