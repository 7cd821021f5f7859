import type { Known, TargetAccess } from '#contracts';

/** A login as the catalogue of the target has it. */
export interface Login {
  account: string;
  superuser: boolean;
  profiles: string[];
  reads: number;
  changes: number;
}

interface Named {
  agent: string;
  account: string;
}

/** Whose each login is, by what agents name as theirs at this target. What nobody names stands first: somebody has to find out. */
export function accessOutside(target: string, agents: readonly Known<'agents'>[], found: Seen): TargetAccess {
  const named = agents.flatMap(({ id: agent, spec }): Named[] =>
    (spec.outside_accounts ?? []).filter((one) => one.target === target).map(({ account }) => ({ agent, account })),
  );
  const accounts = found.logins.flatMap(({ account, superuser, profiles, reads, changes }) => {
    const owners = named.filter((one) => one.account === account);
    const about = { account, superuser, profiles, reads, changes };
    return owners.length === 0 ? [about] : owners.map(({ agent }) => ({ ...about, agent }));
  });
  const there = new Set(found.logins.map(({ account }) => account));
  return {
    target,
    looked_at: found.at.toISOString(),
    accounts: accounts.toSorted((a, b) => Number('agent' in a) - Number('agent' in b)),
    absent: named.filter(({ account }) => !there.has(account)),
  };
}

/** What was seen at the target, and when by its clock. */
export interface Seen {
  at: Date;
  logins: readonly Login[];
}
