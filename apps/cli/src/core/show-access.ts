import type { Outsider, TargetAccess } from '#contracts';
import { moment } from './plain-words.js';
import { row } from './say.js';

/** The screen of `targets access`: who gets there without the gate, and what to do about each. */
export function showAccess({ target, looked_at, accounts, absent }: TargetAccess): string {
  const gone = absent.flatMap(({ account, agent }) => [
    `${account}, which ${agent} names as its own, reaches nothing at ${target} (any more)`,
    ...row('next', `take it out of outside_accounts of ${agent}`),
  ]);
  const found = accounts.flatMap((one) => screenOf(one, target));
  const nobody = `Nobody gets to what the profiles of ${target} are for but by leases.`;
  const lines = [...(found.length === 0 ? [nobody] : found), ...gone];
  return [...lines, '', `As ${target} said at ${moment(looked_at)}.`].join('\n');
}

function screenOf(one: Outsider, target: string): string[] {
  const { account, agent, changes, profiles, reads, superuser } = one;
  const reach = `may read ${String(reads)} and change ${String(changes)} tables of ${profiles.join(', ')}`;
  return [
    `${account} at ${target}`,
    ...row(
      'whose',
      agent === undefined ? 'nobody has said' : `agent ${agent}; what it asks for there is always for people`,
    ),
    ...row('reaches', superuser ? `everything: it is a superuser; ${reach}` : reach),
    ...row('next', nextOf(one)),
  ];
}

function nextOf({ account, agent, superuser }: Outsider): string {
  if (agent !== undefined) return `take its rights away there: REVOKE … FROM ${account}`;
  if (superuser) return 'see that only people who administer the target have it';
  return 'if an agent has it, name it in outside_accounts of that agent; if nobody needs it, take it away';
}
