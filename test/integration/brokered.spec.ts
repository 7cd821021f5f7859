import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { brokeredResult, explanation, type BrokeredResult, type Explanation, type Target } from '#contracts';
import { digestOf, signServiceToken } from '#trust';
import { stop } from '../../apps/credentials/src/core/lease.js';
import { MintIntent } from '../../apps/credentials/src/handlers/mint-intent.js';
import { OfferedLeases } from '../../apps/credentials/src/handlers/offered-leases.js';
import { Issuers } from '../../apps/credentials/src/io/issuers/issuers.js';
import { eventually } from '../support/eventually.js';
import { codeOf, read, type Answer } from './answers.js';
import { CredentialsWorld } from './credentials-world.js';

/* Statements that the gate runs itself: the frozen one, once, within its limits, and what is said about it is true. */

jest.setTimeout(60_000);

let world: CredentialsWorld;

beforeAll(async () => {
  world = await CredentialsWorld.start();
}, 90_000);

afterAll(async () => {
  await world.remove();
}, 30_000);

beforeEach(async () => {
  await world.target.admin('UPDATE orders SET total = id * 100');
});

async function anOffer(statement: unknown, { parameters, ttl = 60 }: { parameters?: unknown[]; ttl?: number } = {}) {
  const properties = { statement, ...(parameters && { parameters }) };
  const action = world.actionWith({
    action: { name: 'db.schema.migrate', properties },
    requested_access: { profile: 'orders-run', ttl_seconds: ttl, uses: 1 },
  });
  await world.allow(action);
  return { action, lease: await world.offered(action) };
}

async function run(statement: string, options?: Parameters<typeof anOffer>[1]) {
  const { action, lease } = await anOffer(statement, options);
  return { action, lease, answer: await world.redeem(lease, action) };
}

const resultIn = async (answer: Parameters<CredentialsWorld['credential']>[0]): Promise<BrokeredResult> =>
  brokeredResult.parse(await world.credential(answer));

const totalOf = async (id: number): Promise<number | undefined> =>
  (await world.target.admin<{ total: number }>('SELECT total FROM orders WHERE id = $1', [id]))[0]?.total;

const executions = (lease: string): Promise<unknown[]> =>
  world.target.admin('SELECT result_digest, row_count FROM sallyport.executions WHERE lease_id = $1', [lease]);

/** What is in the database when a process has written its intent; `mint` is what it does next. */
async function intended(statement: string) {
  const { action, lease: leaseId } = await anOffer(statement);
  const lease = await world.part(OfferedLeases).find(leaseId);
  const issuer = world.part(Issuers).of('postgres-brokered');
  const profile = world.profile({ issuer: 'postgres-brokered', max_rows: 100 });
  const common = { profile, target: world.databaseTarget, action: action.value.action, principal: undefined };
  const ready = { ...common, lease, terms: { ...lease, uses: 1 }, agent: world.keys.agent, jkt: 'A'.repeat(43) };
  const intent = await world.part(MintIntent).write(ready, issuer);
  if (intent === undefined) throw new TypeError('somebody else has taken it');
  const { lease: minting, now } = intent;
  return { action, leaseId, mint: () => issuer.mint({ ...common, lease: minting, now }) };
}

describe('a brokered statement', () => {
  it('is run with its parameters; the agent gets the result and never a credential; its digest stands everywhere', async () => {
    const sql = 'UPDATE orders SET total = $1 WHERE id = $2 RETURNING id, total';
    const { action, lease, answer } = await run(sql, { parameters: [7, 3] });
    const result = await resultIn(answer);
    expect(result).toMatchObject({ rows: [['3', '7']], row_count: 1 });
    expect(result.columns.map(({ name }) => name)).toEqual(['id', 'total']);
    expect(await totalOf(3)).toBe(7);
    // The role that ran it is gone with the answer.
    expect(await world.target.roles()).toEqual([]);
    const { columns, rows, row_count } = result;
    expect(result.digest).toBe(digestOf({ columns, rows, row_count }));
    expect(await executions(lease)).toEqual([{ result_digest: result.digest, row_count: 1 }]);
    const said = { digest: result.digest, row_count: 1 };
    expect((await world.prove('GET', `/v1/leases/${lease}`)).body).toMatchObject({ state: 'active', result: said });
    await world.complete(lease);
    await world.hears(action, 'offered', 'released', 'ended/completed');
    const released = world.about(action).find(({ outcome }) => outcome === 'released');
    expect(released?.data['result']).toEqual(said);
    expect(JSON.parse((world.about(action)[0]?.data['outcome'] as { value: string }).value)).toMatchObject({
      lease: { mode: 'brokered' },
    });
  });

  it('is run once, whoever else comes for it at the same time', async () => {
    const { action, lease } = await anOffer('UPDATE orders SET total = total + 1 WHERE id = 5');
    const answers = await Promise.all(Array.from({ length: 6 }, () => world.redeem(lease, action)));
    const given = answers.filter(({ status }) => status === 200);
    expect(new Set(given.map(({ text }) => text)).size).toBe(1);
    expect(await totalOf(5)).toBe(501);
    // Its agent may have lost the result, and asks once more: the same, and nothing is run again.
    const again = await world.redeem(lease, action);
    expect(again.text).toBe(given[0]?.text);
    expect(await totalOf(5)).toBe(501);
  });

  it('gives its result again also when the lease has run out meanwhile, but not when somebody has stopped it', async () => {
    const { action, lease, answer } = await run('SELECT total FROM orders WHERE id = 2', { ttl: 1 });
    await world.hears(action, 'offered', 'released', 'ended/ttl');
    expect((await world.redeem(lease, action)).text).toBe(answer.text);
    const other = await run('SELECT total FROM orders WHERE id = 2');
    await world.asPerson('sam', 'POST', `/v1/leases/${other.lease}/end`, { reason: 'enough' });
    expect(codeOf(await world.redeem(other.lease, other.action))).toBe('410 already_redeemed');
    await world.hears(other.action, 'offered', 'released', 'ended/stopped');
  });

  it.each([
    ['two statements', 'UPDATE orders SET total = 0; SELECT 1'],
    ['the end of its transaction', 'COMMIT'],
    ['another end of it', 'ROLLBACK AND CHAIN'],
    ['a block that commits', `DO $$ BEGIN UPDATE orders SET total = 0; COMMIT; END $$`],
    ['its own record', `SELECT sallyport.executed('sha256:forged', 0) FROM orders LIMIT 1`],
    ['more rows than the profile allows', 'SELECT generate_series(1, 101)'],
    ['more changes than the profile allows', 'UPDATE orders SET total = 0'],
    ['more text than goes into an answer', `SELECT repeat('x', 1100000)`],
    ['what its group may not do', 'CREATE ROLE accomplice'],
    ['a role of others', 'SET ROLE orders_owner'],
    ['a program of the server', `COPY orders TO PROGRAM 'cat'`],
  ])('is refused with %s, and nothing has happened', async (_, statement) => {
    await world.target.admin('INSERT INTO orders SELECT n, n * 100 FROM generate_series(101, 150) AS n ON CONFLICT DO NOTHING');
    const { action, lease, answer } = await run(statement);
    expect(codeOf(answer)).toBe('409 mint_failed');
    await world.hears(action, 'offered', 'refused/mint_failed');
    expect(await world.target.admin('SELECT 1 FROM orders WHERE total <> id * 100')).toEqual([]);
    expect(await executions(lease)).toEqual([]);
    expect(await world.target.roles()).toEqual([]);
  }); // prettier-ignore

  it('is refused when it takes longer than was granted', async () => {
    const { action, answer } = await run('UPDATE orders SET total = 0 WHERE id = 1 AND pg_sleep(20) IS NOT NULL', {
      ttl: 1,
    });
    expect(codeOf(answer)).toBe('409 mint_failed');
    await world.hears(action, 'offered', 'refused/mint_failed');
    expect(await totalOf(1)).toBe(100);
  });

  it('is refused when the action is none', async () => {
    const { action, lease } = await anOffer(42);
    expect(codeOf(await world.redeem(lease, action))).toBe('409 mint_failed');
    await world.hears(action, 'offered', 'refused/mint_failed');
  });
});

const post = async (evidence: object, by = 'policy'): Promise<Answer> => {
  const token = signServiceToken(world.keys.keyring(by), { aud: world.url });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return read(await fetch(`${world.url}/v1/explanations`, { method: 'POST', headers, body: JSON.stringify({ evidence }) }));
}; // prettier-ignore

const toExplain = (statement: unknown, profile = 'orders-run') =>
  world.actionWith({
    action: { name: 'db.schema.migrate', properties: { statement, parameters: [1, 'never-to-the-target'] } },
    requested_access: { profile, ttl_seconds: 60, uses: 1 },
  }).request;

const explained = async (statement: string, profile?: string) =>
  explanation.parse((await post(toExplain(statement, profile))).body);

/** On a busy machine the target may not answer in time, which is an answer too. */
const told = (statement: string, profile?: string): Promise<Explanation> =>
  eventually(async () => {
    const said = await explained(statement, profile);
    if (!said.explained && said.why === 'unavailable') throw new Error('no answer in time');
    return said;
  });

describe('before people decide, the target only says what it would do', () => {
  const untouched = async (): Promise<void> => {
    expect(await world.target.admin('SELECT 1 FROM orders WHERE total <> id * 100')).toEqual([]);
    expect(await world.target.admin(`SELECT 1 FROM pg_class WHERE relname = 'stolen'`)).toEqual([]);
  };

  const refused = (sqlstate: string) => ({ explained: false, why: 'refused', sqlstate });

  it('without the values, with what the group of the profile may read, and changes nothing', async () => {
    const said = await told('SELECT total FROM orders WHERE id = 3 AND total = $1 AND total::text <> $2');
    expect(said).toMatchObject({ explained: true, rows: 1 });
    expect(said.explained && said.steps[0]).toBe('Index Scan using orders_pkey on public.orders, 1 rows');
    expect(world.target.serverLog()).not.toContain('never-to-the-target');
    await world.target.admin('CREATE TABLE ledger (id int)');
    expect(await told('SELECT * FROM ledger')).toEqual(refused('42501'));
    await world.register('profiles', 'orders-look', world.profile({ issuer: 'postgres-brokered', max_rows: 9, target_profile: 'orders_reader' }));
    expect(await told('SELECT total FROM orders', 'orders-look')).toMatchObject({ explained: true });
  }); // prettier-ignore

  const explainers = `SELECT p.name, sallyport.explainer_name(p.name) AS explainer FROM sallyport.profiles p`;

  it('by a role that may write nothing, also where the group of the profile may', async () => {
    expect(await world.target.admin(`SELECT e.name, w FROM (${explainers}) e, sallyport.can_write(e.explainer) w`)).toEqual([]);
    const member = `SELECT FROM (${explainers}) e JOIN pg_auth_members m ON m.member = to_regrole(e.explainer::text)`;
    expect(await world.target.admin(member)).toEqual([]);
    for (const statement of [
      'UPDATE orders SET total = 0 WHERE id = 3', 'DELETE FROM orders', 'INSERT INTO orders VALUES (999, 1)', 'SELECT * FROM orders FOR UPDATE',
      'MERGE INTO orders o USING orders n ON o.id = n.id WHEN MATCHED THEN DELETE',
    ]) expect([statement, await told(statement)]).toEqual([statement, refused('42501')]);
    await untouched();
  }); // prettier-ignore

  it.each([
    ['a table', 'UPDATE (total) ON orders'],
    ['a sequence', 'USAGE ON SEQUENCE numbers'],
    ['a schema', 'CREATE ON SCHEMA public'],
    ['the rights of the group', 'orders_ddl'],
  ])('and nothing at all once that role may write: %s', async (_, right) => {
    await world.target.admin('CREATE SEQUENCE IF NOT EXISTS numbers');
    const [role] = await world.target.admin<{ explainer: string }>(`${explainers} WHERE p.name = 'orders_ddl'`);
    const may = (how: 'GRANT' | 'REVOKE') =>
      world.target.admin(`${how} ${right} ${how === 'GRANT' ? 'TO' : 'FROM'} ${String(role?.explainer)}`);
    await may('GRANT');
    expect(await told('SELECT * FROM orders')).toEqual({ explained: false, why: 'not_installed' });
    await may('REVOKE');
    expect(await told('SELECT * FROM orders')).toMatchObject({ explained: true });
  });

  it('and not of a table with row policies, which would show it something else', async () => {
    await world.target.admin(`CREATE TABLE private (id int); GRANT SELECT ON private TO orders_ddl; ALTER TABLE private ENABLE ROW LEVEL SECURITY;
      CREATE POLICY own ON private TO orders_ddl USING (true)`);
    await world.target.admin(`SELECT sallyport.set_profile('orders_ddl', 'orders_ddl', 600, 2, false)`);
    expect(await told('SELECT * FROM private')).toEqual(refused('42501'));
    expect(await told('SELECT * FROM orders')).toMatchObject({ explained: true });
  }); // prettier-ignore

  it.each([
    ['ANALYZE UPDATE orders SET total = 0', '42601'],
    ['(ANALYZE) UPDATE orders SET total = 0', '42601'],
    ['/* a */ (ANALYZE, GENERIC_PLAN false) DELETE FROM orders', '42601'],
    ['; UPDATE orders SET total = 0', '42601'],
    ['SELECT 1; UPDATE orders SET total = 0', '42P11'],
    ['SELECT 1; COMMIT; UPDATE orders SET total = 0', '42P11'],
    ['PREPARE p AS UPDATE orders SET total = 0', '42601'],
    ['EXECUTE p', '26000'],
    [`DO $$ BEGIN UPDATE orders SET total = 0; END $$`, '42601'],
    [`COPY orders TO PROGRAM 'cat'`, '42601'],
    ['ALTER TABLE orders RENAME TO stolen', '42601'],
    ['CREATE TABLE stolen AS SELECT * FROM orders', undefined],
    ['WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone', '42501'],
    ['SELECT * FROM nowhere', '42P01'],
    // Not even where policy is somebody else's: planning runs functions that say they are stable.
    ['SELECT * FROM orders WHERE id = seemingly_stable()', '25006'],
  ])('also of a text that tries more: %s', async (statement, sqlstate) => {
    await world.target.admin(`
      CREATE OR REPLACE FUNCTION writes() RETURNS int LANGUAGE plpgsql AS $$ BEGIN UPDATE public.orders SET total = 0; RETURN 1; END $$;
      CREATE OR REPLACE FUNCTION seemingly_stable() RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN public.writes(); END $$`);
    const said = await told(statement);
    if (sqlstate === undefined) expect(said.explained).toBe(true);
    else expect(said).toEqual({ explained: false, why: 'refused', sqlstate });
    await untouched();
  });

  it('and takes no longer for a statement that is long to plan', async () => {
    await world.target.admin(`CREATE OR REPLACE FUNCTION dreams() RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN PERFORM pg_sleep(9); RETURN 1; END $$`);
    const said = await told('SELECT * FROM orders WHERE id = dreams()');
    expect(said).toEqual({ explained: false, why: 'refused', sqlstate: '57014' });
  }); // prettier-ignore

  it('and does not wait for a lock', async () => {
    const { username, password } = new URL(world.target.postgres.url);
    const session = await world.target.connect(username, decodeURIComponent(password));
    try {
      await session.query('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
      const said = await told('SELECT * FROM orders');
      expect(said).toEqual({ explained: false, why: 'refused', sqlstate: '55P03' });
    } finally {
      await session.end();
    }
  });

  it('or says nothing in time: then there is none, and other targets answer meanwhile', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    writeFileSync(join(world.target.secretsDir, 'silent'), `postgres://gate:x@127.0.0.1:${String(port)}/x`);
    await world.register('targets', 'silent-db', { ...(world.databaseTarget as object), connection_secret: 'silent' } as Target);
    await world.register('profiles', 'silent-run', world.profile({ issuer: 'postgres-brokered', max_rows: 9, target: 'silent-db' }));
    const begun = performance.now();
    const silence = explained('SELECT 1', 'silent-run').then((said) => ({ said, ms: performance.now() - begun }));
    const some = await told('SELECT * FROM orders');
    const { said: none, ms } = await silence;
    silent.close();
    expect(ms).toBeLessThan(4_000);
    expect(none).toEqual({ explained: false, why: 'unavailable' });
    expect(some.explained).toBe(true);
  }); // prettier-ignore

  it('to policy alone, about what intake accepted, while nobody has stopped it', async () => {
    const evidence = toExplain('SELECT * FROM orders');
    expect(codeOf(await post(evidence, 'approvals'))).toBe('404 not_found');
    const forged = { ...evidence, value: evidence.value.replace('FROM orders', 'FROM owners') };
    expect(codeOf(await post(forged))).toBe('409 evidence_invalid');
    await world.suspend('suspended');
    expect((await post(evidence)).body).toEqual({ explained: false, why: 'stopped' });
    await world.suspend('active');
    await world.admin(`INSERT INTO credentials.kill_pulls (pull_id, epoch, version, scope, scope_id, "by", reason, pulled_at, live)
      VALUES (gen_random_uuid(), 1, 1, 'profile', 'orders-run', 'sam', 'a drill', now(), 0)`);
    expect((await post(evidence)).body).toEqual({ explained: false, why: 'stopped' });
    await world.admin(`UPDATE credentials.kill_pulls SET asked_by = 'sam', asked_reason = 'over', asked_at = now(),
      released_by = 'dana', released_reason = 'over', released_at = now()`);
    expect((await post(evidence)).body).toMatchObject({ explained: true });
  });
});

describe('what is said is true when a process dies', () => {
  it('after the commit: it ran, its result is lost, and it does not run again', async () => {
    const { action, leaseId, mint } = await intended('UPDATE orders SET total = total + 1 WHERE id = 9');
    await mint();
    // Nobody records it. The clock, or a person, takes the lease back.
    await world.asPerson('sam', 'POST', `/v1/leases/${leaseId}/end`, { reason: 'it hangs' });
    await world.hears(action, 'offered', 'ended/result_lost');
    const end = world.about(action).at(-1);
    expect(end?.reasons).toEqual(['result_lost', 'stopped']);
    const [kept] = await executions(leaseId);
    expect(kept).toMatchObject({ result_digest: (end?.data['result'] as { digest: string }).digest, row_count: 1 });
    expect(await totalOf(9)).toBe(901);
    await expect(mint()).rejects.toThrow('SP005');
    expect(codeOf(await world.redeem(leaseId, action))).toBe('410 already_redeemed');
    expect(await totalOf(9)).toBe(901);
    expect(await world.target.roles()).toEqual([]);
  });

  it('in the middle of it: it is cut, rolled back, and said to be refused', async () => {
    const { action, leaseId, mint } = await intended(
      'UPDATE orders SET total = 0 WHERE id = 11 AND pg_sleep(30) IS NOT NULL',
    );
    const minted = mint().then(() => 'ran', () => 'cut'); // prettier-ignore
    await eventually(async () => {
      expect(await world.target.admin(`SELECT 1 FROM pg_stat_activity WHERE query ~ 'id = 11' AND usename ~ '^sallyport_[0-9a-f]{32}$'`)).toHaveLength(1);
    }); // prettier-ignore
    await world.part(OfferedLeases).change(leaseId, (held) => stop(held, { code: 'stopped', by: 'sam' }));
    expect(await minted).toBe('cut');
    await world.hears(action, 'offered', 'refused/mint_failed');
    expect(world.about(action).at(-1)?.reasons).toEqual(['mint_failed', 'stopped']);
    expect(await totalOf(11)).toBe(1_100);
    expect(await executions(leaseId)).toEqual([]);
    expect(await world.target.roles()).toEqual([]);
  });

  it('at the commit, so that nobody knows: the target is asked, and it was cut off before', async () => {
    await world.target.admin(`
      CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(30); RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
        WHEN (NEW.id = 13) EXECUTE FUNCTION slow()`);
    const { action, leaseId, mint } = await intended('UPDATE orders SET total = 1 WHERE id = 13');
    const minted = mint().then(() => 'ran', () => 'unknown'); // prettier-ignore
    await eventually(async () => {
      expect(await world.target.admin(`SELECT 1 FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'active'`)).toHaveLength(1);
    }); // prettier-ignore
    await world.part(OfferedLeases).change(leaseId, (held) => stop(held, { code: 'stopped', by: 'sam' }));
    const [ran] = await Promise.all([
      minted,
      eventually(() => {
        expect(world.outcomes(action)).toHaveLength(2);
      }),
    ]);
    expect(await executions(leaseId)).toEqual([]);
    expect(world.outcomes(action)[1]).toBe('refused/mint_failed');
    expect(await totalOf(13)).toBe(1_300);
    expect(ran).toBe('unknown');
    await world.target.admin('DROP TRIGGER slow ON orders; DROP FUNCTION slow()');
  });
});
