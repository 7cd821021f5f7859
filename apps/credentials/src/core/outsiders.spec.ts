import { describe, expect, it } from '@jest/globals';
import type { Known } from '#contracts';
import { aWorld, now } from './evidence.fixture.js';
import { accessOutside, type Login } from './outsiders.js';

const { agent } = aWorld();
const naming = (id: string, ...accounts: [target: string, account: string][]): Known<'agents'> => {
  const outside_accounts = accounts.map(([target, account]) => ({ target, account }));
  return { ...agent, id, spec: { ...agent.spec, outside_accounts } };
};
const login = (account: string): Login => ({
  account,
  superuser: false,
  profiles: ['orders_ddl'],
  reads: 1,
  changes: 0,
});
const seen = (agents: Known<'agents'>[], ...logins: string[]) =>
  accessOutside('orders-db', agents, { at: now, logins: logins.map(login) });

describe('who gets to a target without the gate', () => {
  it('is whoever names the account there, and stands behind those whom nobody names', () => {
    const { accounts, looked_at } = seen([agent, naming('a', ['orders-db', 'mine'])], 'mine', 'other');
    expect(accounts.map(({ account, agent: id }) => [account, id])).toEqual([['other', undefined], ['mine', 'a']]); // prettier-ignore
    expect(looked_at).toBe(now.toISOString());
  });

  it('is not an account of the same name at another target', () => {
    expect(seen([naming('a', ['other-db', 'mine'])], 'mine')).toMatchObject({
      accounts: [{ account: 'mine' }],
      absent: [],
    });
    expect(seen([naming('a', ['other-db', 'mine'])], 'mine').accounts[0]).not.toHaveProperty('agent');
  });

  it('is each agent that shares an account, and what is named and not there is said', () => {
    const agents = [naming('a', ['orders-db', 'mine']), naming('b', ['orders-db', 'mine'], ['orders-db', 'gone'])];
    const { absent, accounts } = seen(agents, 'mine');
    expect(accounts.map(({ agent: id }) => id)).toEqual(['a', 'b']);
    expect(absent).toEqual([{ agent: 'b', account: 'gone' }]);
  });
});
