import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { topics } from '#contracts';
import { migrate, roleOf } from '#database';
import { newId } from '#platform';
import { migrations } from '../../apps/credentials/src/credentials.module.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

/*
 * The invariants of apps/credentials/README.md, tried by SQL with the login that the service itself has: what these refuse, no
 * bug of the service and nobody who has taken over its process can write. Last, what the logins of other services reach.
 */

jest.setTimeout(30_000);

const password = 'only-for-this-test';
const services = ['credentials', 'approvals', 'policy'] as const;

let postgres: TestPostgres;
let database: string;
let role: pg.Client;

beforeAll(async () => {
  postgres = await startPostgres();
  const url = await postgres.freshDatabase();
  database = new URL(url).pathname.slice(1);
  const all = services.map((service) => ({
    service,
    password,
    migrations: service === 'credentials' ? migrations : [],
  }));
  await migrate(url, all);
  role = await login('credentials');
});

afterAll(async () => {
  await role.end();
  await postgres.remove();
});

beforeEach(async () => {
  await role.query('ROLLBACK');
});

async function login(service: (typeof services)[number]): Promise<pg.Client> {
  const session = new pg.Client({ connectionString: postgres.urlAs(roleOf(service), password, database) });
  await session.connect();
  await session.query('SET search_path = credentials');
  return session;
}

/** The state that PostgreSQL refuses with; undefined when it was done. */
async function refusal(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
}

const broken = '23514';

interface Ids {
  lease: string;
  action: string;
}

const told = (action: string, version: number) =>
  role.query(
    `INSERT INTO outbox (topic, key, headers, value, writer) VALUES ($1, $2, jsonb_build_object('ce_sequence', $3::text), '', $4)`,
    [topics.leases, action, String(version), newId()],
  );

const insert = ({ lease, action }: Ids, more: Record<string, unknown> = {}) => {
  const row: Record<string, unknown> = {
    lease_id: lease, action_id: action, agent_id: 'agent-1', action_digest: 'sha256:x', state: 'offered', version: 1,
    profile: 'p', profile_version: 1, issuer: 'token', target: 't', ttl_seconds: 300, uses_left: 2, groups: ['dba'],
    offer_expires_at: new Date(Date.now() + 60_000), action_name: 'a.b', kill_epoch: 0, ...more,
  }; // prettier-ignore
  const names = Object.keys(row);
  const places = names.map((_, n) => `$${String(n + 1)}`);
  return role.query(`INSERT INTO leases (${names.join(', ')}) VALUES (${places.join(', ')})`, Object.values(row));
};

const set = (lease: string, what: string) => role.query(`UPDATE leases SET ${what} WHERE lease_id = $1`, [lease]);

async function together(...work: (() => Promise<unknown>)[]): Promise<void> {
  await role.query('BEGIN');
  for (const step of work) await step();
  await role.query('COMMIT');
}

const handle = `'{"issuer":"token","jti":"j","jkt":"k","audience":"u"}'::jsonb`;
const intent = `state = 'minting', version = 2, handle = ${handle}, mint_by = now() + interval '10 s', expires_at = now() + interval '300 s'`;
const record = `state = 'active', version = 3, released_at = now()`;
const stop = `state = 'ending', version = version + 1, next_attempt_at = now(), code = 'stopped'`;
const ended = `state = 'ended', version = version + 1, next_attempt_at = NULL, ended_at = now()`;

/** How a first row is refused, all else being as it should. */
async function begun(more: Record<string, unknown>): Promise<string | undefined> {
  const ids = { lease: newId(), action: newId() };
  const refused = await refusal(() =>
    together(
      () => insert(ids, more),
      () => told(ids.action, 1),
    ),
  );
  await role.query('ROLLBACK');
  return refused;
}

async function offered(): Promise<Ids> {
  const ids = { lease: newId(), action: newId() };
  await together(
    () => insert(ids),
    () => told(ids.action, 1),
  );
  return ids;
}

async function minting(): Promise<Ids> {
  const ids = await offered();
  await set(ids.lease, intent);
  return ids;
}

async function active(): Promise<Ids> {
  const ids = await minting();
  await together(
    () => set(ids.lease, record),
    () => told(ids.action, 3),
  );
  return ids;
}

async function over(): Promise<Ids> {
  const ids = await active();
  await set(ids.lease, stop);
  await together(
    () => set(ids.lease, ended),
    () => told(ids.action, 5),
  );
  return ids;
}

describe('the login of credentials itself', () => {
  it('can walk the whole way of a lease, when it is walked as the service does', async () => {
    const { lease } = await over();
    const { rows } = await role.query('SELECT state, version FROM leases WHERE lease_id = $1', [lease]);
    expect(rows).toEqual([{ state: 'ended', version: 5 }]);
  });

  it('L1: makes no second lease of an action', async () => {
    const { action } = await offered();
    expect(await refusal(() => insert({ lease: newId(), action }))).toBe('23505');
    const { action: ended_ } = await over();
    expect(await refusal(() => insert({ lease: newId(), action: ended_ }))).toBe('23505');
    expect(await refusal(() => role.query('DELETE FROM leases'))).toBe('42501');
    expect(await refusal(() => role.query('TRUNCATE leases'))).toBe('42501');
  });

  it('L2: moves no lease back, and none out of its final state', async () => {
    const moves: [() => Promise<Ids>, string][] = [
      [minting, `state = 'offered'`],
      [active, `state = 'minting'`],
      [active, `state = 'offered'`],
      [over, `state = 'active'`],
      [over, stop],
      [offered, `${record}, handle = ${handle}, mint_by = now(), expires_at = now()`],
    ];
    for (const [from, to] of moves) {
      const { lease } = await from();
      expect(`${to} ${String(await refusal(() => set(lease, to)))}`).toBe(`${to} ${broken}`);
    }
  });

  it('L2: begins no lease as something that was released', async () => {
    const given = { mint_by: new Date(), expires_at: new Date(), released_at: new Date() };
    for (const state of ['minting', 'active', 'ended'])
      expect(await begun({ state, ...given, handle: { issuer: 'token' } })).toBe(broken);
    expect(await begun({ handle: { issuer: 'token' } })).toBe(broken);
    expect(await begun({})).toBeUndefined();
  });

  it('L3: releases nothing on an intent that was not committed before', async () => {
    const { lease } = await offered();
    await role.query('BEGIN');
    await set(lease, intent);
    expect(await refusal(() => set(lease, record))).toBe(broken);
    await role.query('ROLLBACK');
    const { lease: forged } = await minting();
    expect(await refusal(() => set(forged, `intended_in = NULL`))).toBe(broken);
  });

  it('L4: points no lease at another target or another handle once the intent is written', async () => {
    const { lease } = await minting();
    expect(await refusal(() => set(lease, `target = 'elsewhere'`))).toBe(broken);
    expect(await refusal(() => set(lease, `handle = handle || '{"jkt":"other"}'`))).toBe(broken);
  });

  it('L5: gives no more and no longer than was offered', async () => {
    const more = ['ttl_seconds = 301', 'uses_left = 3', `expires_at = now() + interval '400 s'`];
    for (const change of more) {
      const { lease } = await offered();
      const first = change.startsWith('expires_at') ? intent.replace(/, expires_at.*$/u, '') : intent;
      expect(`${change} ${String(await refusal(() => set(lease, `${first}, ${change}`)))}`).toBe(`${change} ${broken}`);
    }
    const { lease } = await offered();
    expect(await refusal(() => set(lease, `offer_expires_at = now() + interval '1 day'`))).toBe(broken);
  });

  it('L6: keeps no secret beside what ending needs', async () => {
    const { lease } = await offered();
    const leaking = intent.replace(handle, `${handle} || '{"password":"p"}'`);
    expect(await refusal(() => set(lease, leaking))).toBe(broken);
  });

  it('L7: lets nothing past a pull of the kill switch, nor around its epoch', async () => {
    const ids = await offered();
    expect(await refusal(() => set(ids.lease, 'kill_epoch = 99'))).toBe(broken);
    expect(await refusal(() => set(ids.lease, `agent_id = 'agent-2'`))).toBe(broken);
    expect(await begun({ kill_epoch: 99 })).toBe(broken);
    await role.query(
      `INSERT INTO kill_pulls (pull_id, epoch, version, scope, scope_id, "by", reason, pulled_at, live)
       VALUES ($1, 1, 1, 'agent', 'agent-1', 'sam', 'r', now(), 0)`,
      [newId()],
    );
    expect(await refusal(() => set(ids.lease, intent))).toBe('KS001');
    expect(await refusal(() => role.query('DELETE FROM kill_pulls'))).toBe('42501');
    expect(await refusal(() => role.query('UPDATE kill_pulls SET epoch = 0'))).toBe(broken);
    await role.query(
      `UPDATE kill_pulls SET asked_by = 'a', asked_reason = 'r', asked_at = now(), released_by = 'b', released_reason = 'r', released_at = now()`,
    );
    // Released, and still the end of what was there before it.
    expect(await refusal(() => set(ids.lease, intent))).toBe('KS001');
  });

  it('L9: renews nothing', async () => {
    const lease = await freshActive();
    for (const change of [
      `expires_at = now() + interval '1 day'`,
      `mint_by = now() + interval '1 day'`,
      'ttl_seconds = 299',
    ])
      expect(await refusal(() => set(lease, change))).toBe(broken);
    expect(await refusal(() => set(lease, 'uses_left = 3'))).toBe(broken);
    expect(await refusal(() => set(lease, `released_at = now() + interval '1 s'`))).toBe(broken);
  });

  it('L10: keeps what ending needs until the end, whatever becomes of profile and target', async () => {
    const lease = await freshActive();
    expect(await refusal(() => set(lease, `${stop}, handle = NULL`))).toBe(broken);
  });

  it('switches none of this off', async () => {
    const tries = [
      'ALTER TABLE leases DISABLE TRIGGER ALL',
      'DROP TRIGGER leases_fixed ON leases',
      'ALTER TABLE leases DROP CONSTRAINT leases_within_offer',
      'SET session_replication_role = replica',
      'CREATE OR REPLACE FUNCTION refuse_pulled() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$',
    ];
    for (const sql of tries) expect(`${sql} ${String(await refusal(() => role.query(sql)))}`).toBe(`${sql} 42501`);
  });

  /** Offered after the pull of L7, so not ended by it. */
  async function freshActive(): Promise<string> {
    const ids = await freshMinting();
    await together(
      () => set(ids.lease, record),
      () => told(ids.action, 3),
    );
    return ids.lease;
  }

  async function freshMinting(): Promise<Ids> {
    const ids = { lease: newId(), action: newId() };
    const { rows } = await role.query<{ epoch: number }>('SELECT coalesce(max(epoch), 0) AS epoch FROM kill_pulls');
    await together(
      () => insert(ids, { kill_epoch: rows[0]?.epoch }),
      () => told(ids.action, 1),
    );
    await set(ids.lease, intent);
    return ids;
  }

  it('L11: changes nothing of who took a lease, and keeps an answer once, for a minute, while the lease is active', async () => {
    const note = (lease: string, more = '') =>
      role.query(
        `INSERT INTO lease_deliveries (lease_id, jkt, enc_kid, end_on_replay${more && ', sealed, keep_until'}) VALUES ($1, 'a', 'b', true${more})`,
        [lease],
      );
    const change = (lease: string, what: string) =>
      refusal(() => role.query(`UPDATE lease_deliveries SET ${what} WHERE lease_id = $1`, [lease]));
    const keep = (seconds: number) => `sealed = 'x', keep_until = clock_timestamp() + interval '${String(seconds)} s'`;
    const sealedOf = async (lease: string): Promise<unknown> =>
      (await role.query<{ sealed: unknown }>('SELECT sealed FROM lease_deliveries WHERE lease_id = $1', [lease])).rows[0]?.sealed;

    const ids = await freshMinting();
    expect(await refusal(() => note(ids.lease, `, 'x', now()`))).toBe(broken);
    await note(ids.lease);
    for (const what of [keep(60), `jkt = 'c'`, `enc_kid = 'c'`, 'end_on_replay = false'])
      expect(`${what} ${String(await change(ids.lease, what))}`).toBe(`${what} ${broken}`);
    await together(
      () => set(ids.lease, record),
      () => told(ids.action, 3),
    );
    expect(await change(ids.lease, keep(62))).toBe(broken);
    expect(await change(ids.lease, `sealed = 'x'`)).toBe(broken);
    expect(await change(ids.lease, keep(60))).toBeUndefined();
    expect(await change(ids.lease, keep(60))).toBe(broken);
    expect(await change(ids.lease, `sealed = 'y'`)).toBe(broken);
    await set(ids.lease, stop);
    expect(await sealedOf(ids.lease)).toBeNull();
    expect(await change(ids.lease, `sealed = 'x'`)).toBe(broken);
    expect(await refusal(() => note(ids.lease))).toBe(broken);
    expect(await refusal(() => role.query('DELETE FROM lease_deliveries'))).toBe('42501');
  }); // prettier-ignore

  it('L8: commits no state that nobody is told of', async () => {
    const silent = { lease: newId(), action: newId() };
    expect(await refusal(() => insert(silent, { kill_epoch: 1 }))).toBe(broken);
    const lease = await freshActive();
    await set(lease, stop);
    expect(await refusal(() => set(lease, ended))).toBe(broken);
  });
});

describe('the logins of other services', () => {
  it.each(['approvals', 'policy'] as const)('%s: reads, writes and calls nothing here', async (service) => {
    const session = await login(service);
    const tries = [
      'SELECT * FROM credentials.leases',
      `UPDATE credentials.leases SET state = 'minting'`,
      'INSERT INTO credentials.leases DEFAULT VALUES',
      'SELECT * FROM credentials.lease_evidence',
      'SELECT * FROM credentials.lease_deliveries',
      `INSERT INTO credentials.lease_evidence (lease_id, evidence) VALUES ('${newId()}', '{}')`,
      'UPDATE credentials.kill_pulls SET released_at = now()',
      'DELETE FROM credentials.outbox',
      `SELECT credentials.kill_switch_covers('global', '', '', '', '', '')`,
      `SET ROLE ${roleOf('credentials')}`,
    ];
    try {
      for (const sql of tries) expect(`${sql} ${String(await refusal(() => session.query(sql)))}`).toBe(`${sql} 42501`);
    } finally {
      await session.end();
    }
  });
});
