import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { leaseAnswer, leasesAnswer, targetAccess, widthsAnswer, type LeaseAnswer, type LeasesAnswer } from '#contracts';
import type { Action } from '../../apps/credentials/src/core/evidence.fixture.js';
import { eventually } from '../support/eventually.js';
import { inLanes } from '../support/lanes.js';
import { codeOf, CredentialsWorld, type Answer } from './credentials-world.js';

jest.setTimeout(60_000);

let world: CredentialsWorld;

beforeAll(async () => {
  world = await CredentialsWorld.start();
  const identities = [{ iss: world.peers.url, sub: 'rita' }];
  await world.register('people', 'rita', { identities, name: 'rita', limits: [], state: 'active' });
  await world.register('groups', 'registrars', { members: ['rita'], channel: {} });
  await world.register('groups', 'finance', { members: ['bob'], channel: {} });
}, 90_000);

afterAll(async () => {
  await world.remove();
}, 30_000);

/** A lease on offer: by policy alone, or by the votes of `ada` in `dba`. */
async function anOffer(how: 'allow' | 'grant', profile = 'share'): Promise<{ action: Action; lease: string }> {
  const action = world.action(profile);
  await world[how](action);
  return { action, lease: await world.offered(action) };
}

const read = ({ status, body }: Answer): LeasesAnswer => {
  expect(status).toBe(200);
  return leasesAnswer.parse(body);
};
const idsOf = (answer: Answer): string[] => read(answer).leases.map(({ lease_id }) => lease_id);
const asked = (sub: string, query = ''): Promise<Answer> => world.asPerson(sub, 'GET', `/v1/leases${query}`);
const proven = (query = '', key = world.keys.agentKeys.sig): Promise<Answer> =>
  world.prove('GET', `/v1/leases${query}`, undefined, key);

/** Every page, from the first on; `between` happens after each. */
async function walk(
  ask: (query: string) => Promise<Answer>,
  between: () => Promise<unknown>,
): Promise<LeaseAnswer[][]> {
  const pages: LeaseAnswer[][] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const { leases, next }: LeasesAnswer = read(await ask(cursor === '' ? '' : `?cursor=${cursor}`));
    pages.push(leases);
    cursor = next;
    await between();
  }
  return pages;
}

describe('the list of leases', () => {
  let allowed: string;
  let granted: string;

  beforeAll(async () => {
    allowed = (await anOffer('allow')).lease;
    granted = (await anOffer('grant')).lease;
    // The service hears of the new groups a little later than they are registered.
    await eventually(async () => {
      expect(idsOf(await asked('rita'))).toHaveLength(2);
    });
  });

  it('shows overseers all, newest first, and everybody else what their own groups decided', async () => {
    for (const overseer of ['sam', 'rita', 'aud']) expect(idsOf(await asked(overseer))).toEqual([granted, allowed]);
    expect(idsOf(await asked('ada'))).toEqual([granted]);
    expect(idsOf(await asked('bob'))).toEqual([granted]);
    expect(idsOf(await asked('eve'))).toEqual([]);
  });

  it('shows an approver nothing more for naming an agent, and follows the group, not the person', async () => {
    expect(idsOf(await asked('ada', '?agent=migrator-1'))).toEqual([granted]);
    expect(idsOf(await asked('ada', '?agent=migrator-2'))).toEqual([]);
    await world.register('groups', 'dba', { members: ['bob'], channel: {} });
    await eventually(async () => {
      expect(idsOf(await asked('ada'))).toEqual([]);
    });
    await world.register('groups', 'dba', { members: ['ada', 'bob'], channel: {} });
    await eventually(async () => {
      expect(idsOf(await asked('ada'))).toEqual([granted]);
    });
  });

  it('shows an agent its own, whatever it asks for, and a tool nothing', async () => {
    expect(idsOf(await proven())).toEqual([granted, allowed]);
    expect(idsOf(await proven('', world.otherKey))).toEqual([]);
    expect(idsOf(await proven('?agent=migrator-1', world.otherKey))).toEqual([]);
    expect(idsOf(await proven('?agent=migrator-2'))).toEqual([]);
    expect(codeOf(await proven('', world.toolKey))).toBe('404 not_found');
  });

  it('refuses what it does not know instead of leaving it out', async () => {
    for (const query of [
      '?state=gone',
      '?state=',
      '?cursor=1',
      '?agent=a:b',
      '?stat=active',
      '?state=active&state=ended',
    ])
      expect(codeOf(await asked('sam', query))).toBe('400 schema_mismatch');
  });

  it('says nothing that is a secret, before and after release', async () => {
    const { action, lease } = await anOffer('allow', 'orders-ddl');
    const { password, user } = await world.role(await world.redeem(lease, action));
    const answer = await asked('sam', '?state=active');
    expect(idsOf(answer)).toEqual([lease]);
    expect(answer.text).not.toContain(password);
    expect(answer.text).not.toContain(user);
    const known = Object.keys(leaseAnswer.shape);
    const [shown = {}] = (answer.body as { leases: object[] }).leases;
    expect(Object.keys(shown).filter((name) => !known.includes(name))).toEqual([]);
    await world.complete(lease);
    await world.hears(action, 'offered', 'released', 'ended/completed');
  });
});

describe('a state', () => {
  it('is asked for alone or with others, and each lease is where it is now', async () => {
    const { action, lease } = await anOffer('allow');
    await world.token(await world.redeem(lease, action));
    expect(idsOf(await asked('sam', '?state=active'))).toEqual([lease]);
    const both = read(await asked('sam', '?state=active,offered,active')).leases;
    expect(new Set(both.map(({ state }) => state))).toEqual(new Set(['active', 'offered']));
    expect(both.filter(({ lease_id }) => lease_id === lease)).toHaveLength(1);
    await world.complete(lease);
    await world.hears(action, 'offered', 'released', 'ended/completed');
    expect(idsOf(await asked('sam', '?state=active'))).toEqual([]);
    expect(idsOf(await asked('sam', '?state=ended&agent=migrator-1'))).toContain(lease);
  });

  it('of a lease whose target does not answer is told as stuck, to its agent and to people', async () => {
    const { action, lease } = await anOffer('grant', 'orders-ddl');
    await world.role(await world.redeem(lease, action));
    await world.target.postgres.stop();
    await world.complete(lease);
    const stuck = { lease_id: lease, state: 'ending', code: 'completed', stuck: true, target: 'orders-db' };
    await eventually(
      async () => {
        expect(read(await asked('ada', '?state=ending')).leases).toMatchObject([stuck]);
      },
      { withinMs: 30_000, everyMs: 200 },
    );
    expect(read(await proven('?state=ending')).leases).toMatchObject([stuck]);
    expect((await asked('ada', '?state=ending')).body).toEqual((await asked('sam', '?state=ending')).body);
    await world.target.postgres.start();
    await eventually(() => {
      expect(world.outcomes(action)).toEqual(['offered', 'released', 'ended/completed']);
    }, { withinMs: 40_000 }); // prettier-ignore
    expect(read(await asked('sam', '?state=ended')).leases[0]).toMatchObject({ lease_id: lease, stuck: false });
  });
});

describe('profiles that are wider than they need to be', () => {
  const found = async (sub = 'aud'): Promise<string[]> => {
    const { status, body } = await world.asPerson(sub, 'GET', '/v1/profiles/width');
    expect(status).toBe(200);
    return widthsAnswer.parse(body).wide.map(({ profile, code, detail }) => `${profile} ${code} ${detail}`);
  };
  const usual = ['share uses_above_rules 3, at most 1', 'orders_reader of_no_profile no registered profile uses it'];

  it('are shown to overseers, by the registry, the rules and the catalogue of the target', async () => {
    expect(await found()).toEqual(usual);
    expect(codeOf(await world.asPerson('ada', 'GET', '/v1/profiles/width'))).toBe('404 not_found');
    await world.register('profiles', 'orders-ddl', world.profile({ read_only: true }));
    await world.target.admin('CREATE ROLE broom NOLOGIN CREATEROLE; GRANT broom, pg_read_all_data TO orders_ddl');
    expect((await found()).filter((line) => !usual.includes(line))).toEqual([
      'orders-ddl special_rights broom CREATEROLE, pg_read_all_data',
      'orders-ddl can_change public.orders',
      'orders-run special_rights broom CREATEROLE, pg_read_all_data',
    ]);
    await world.target.admin('REVOKE broom, pg_read_all_data FROM orders_ddl');
    await world.register('profiles', 'orders-ddl', world.profile({}));
    expect(await found()).toEqual(usual);
  });

  it('that nobody could compare are shown as that', async () => {
    const { judge } = world.peers;
    world.peers.judge = undefined;
    await world.target.admin('ALTER FUNCTION sallyport.powers() RENAME TO older');
    const lines = await found();
    await world.target.admin('ALTER FUNCTION sallyport.older() RENAME TO powers');
    world.peers.judge = judge;
    expect(lines.filter((line) => line.startsWith('orders-run '))).toEqual([
      'orders-run rules_unknown policy does not answer',
      'orders-run target_unknown it does not answer, or its functions are older',
    ]);
  });
});

it('who gets to a target without the gate is shown to overseers, as what and whose', async () => {
  await world.target.admin(`CREATE ROLE staff NOLOGIN; GRANT UPDATE ON orders TO staff;
    CREATE ROLE old_migrator LOGIN; GRANT staff TO old_migrator WITH INHERIT FALSE, SET TRUE;
    CREATE ROLE report LOGIN; GRANT SELECT (id) ON orders TO report; CREATE ROLE nobody LOGIN`);
  const outside_accounts = [{ target: 'orders-db', account: 'old_migrator' }, { target: 'orders-db', account: 'gone' }]; // prettier-ignore
  await world.register('agents', 'migrator-1', { ...world.keys.agent.spec, outside_accounts });
  // A lease is no outsider, nor is the login of the gate.
  const { lease, action } = await anOffer('allow', 'orders-ddl');
  expect((await world.redeem(lease, action)).status).toBe(200);
  const { status, body } = await world.asPerson('aud', 'GET', '/v1/targets/orders-db/access');
  expect(status).toBe(200);
  const { accounts, absent } = targetAccess.parse(body);
  const profiles = ['orders_ddl', 'orders_reader'];
  expect(accounts).toEqual([
    { account: 'report', superuser: false, profiles, reads: 1, changes: 0 },
    { account: new URL(world.target.postgres.url).username, superuser: true, profiles, reads: 1, changes: 1 },
    { account: 'old_migrator', agent: 'migrator-1', superuser: false, profiles, reads: 0, changes: 1 },
  ]);
  expect(absent).toEqual([{ agent: 'migrator-1', account: 'gone' }]);
  expect(codeOf(await world.asPerson('ada', 'GET', '/v1/targets/orders-db/access'))).toBe('404 not_found');
  expect(codeOf(await world.asPerson('aud', 'GET', '/v1/targets/sharing/access'))).toBe('404 not_found');
  await world.register('agents', 'migrator-1', world.keys.agent.spec);
  await world.complete(lease);
});

describe('pages', () => {
  it('show each lease once, newest first, while more are offered', async () => {
    await inLanes(Array.from({ length: 130 }), 20, () => anOffer('allow'));
    const before = (
      await walk(
        (query) => asked('sam', query),
        async () => undefined,
      )
    ).flat();
    expect(before.length).toBeGreaterThan(130);
    const during = await walk(
      (query) => asked('sam', query),
      () => inLanes(Array.from({ length: 7 }), 7, () => anOffer('allow')),
    );
    expect(Math.max(...during.map((page) => page.length))).toBe(50);
    const seen = during.flat().map(({ lease_id }) => lease_id);
    expect(seen).toEqual([...new Set(seen)].sort().reverse());
    expect(seen.slice(-before.length)).toEqual(before.map(({ lease_id }) => lease_id));
  });

  it('of an agent’s own leases go on in the same way', async () => {
    const pages = await walk(proven, async () => undefined);
    const seen = pages.flat().map(({ lease_id }) => lease_id);
    expect(pages.length).toBeGreaterThan(2);
    expect(seen).toEqual([...new Set(seen)].sort().reverse());
  });
});
