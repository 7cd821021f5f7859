import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  Database,
  makeDataSource,
  migrate,
  roleOf,
  TimerLoop,
  Timers,
  type Migration,
  type MigrationRunner,
  type TimerHandler,
  type Tx,
} from '#database';
import { Fault, Log } from '#platform';
import pg from 'pg';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

jest.setTimeout(60_000);

/** What the handlers of this spec do: no key on `ref`, so that a second firing would show. */
class CreateFired implements Migration {
  readonly name = 'CreateFired1800000000001';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query(
      'CREATE TABLE fired (id bigint GENERATED ALWAYS AS IDENTITY, ref text NOT NULL, batch int NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())',
    );
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP TABLE fired');
  }
}

class Recording implements TimerHandler {
  readonly batches: string[][] = [];

  constructor(private readonly before: (refs: string[], tx: Tx) => Promise<void> | undefined = () => undefined) {}

  async handle(refs: string[], tx: Tx): Promise<void> {
    this.batches.push(refs);
    await tx.query(
      'INSERT INTO fired (ref, batch) SELECT ref, $2 FROM unnest($1::text[]) WITH ORDINALITY AS due(ref, n) ORDER BY n',
      [refs, this.batches.length],
    );
    await this.before(refs, tx);
  }
}

const quiet = new Log('approvals', 'error', { write: () => undefined });
const timers = new Timers();
const systemClock = Date.now;
const past = { seconds: -1 };

let postgres: TestPostgres;
let url: string;
let database: Database;
const pools: Database[] = [];
let loops: TimerLoop[] = [];

function connect(): Database {
  const source = makeDataSource({
    url,
    schema: 'approvals',
    pool: 4,
    applicationName: 'spec',
    onPoolError: () => undefined,
  });
  const opened = new Database(source, quiet);
  pools.push(opened);
  return opened;
}

function startLoop(handlers: Record<string, TimerHandler>, on = database, paced: string[] = []): TimerLoop {
  const loop = new TimerLoop(on, new Map(Object.entries(handlers)), quiet, new Set(paced));
  loops.push(loop);
  loop.start();
  return loop;
}

const set = (kind: string, refs: string[], dueAt: Date | { seconds: number } = past): Promise<void> =>
  database.transaction((tx) =>
    timers.set(
      tx,
      refs.map((ref) => ({ kind, ref, dueAt })),
    ),
  );

const fired = async (): Promise<string[]> =>
  (await database.query<{ ref: string }>('SELECT ref FROM fired ORDER BY id')).map(({ ref }) => ref);

const waiting = (): Promise<{ kind: string; ref: string; attempts: number }[]> =>
  database.query('SELECT kind, ref, attempts FROM timers ORDER BY kind, ref');

const refs = (count: number): string[] => Array.from({ length: count }, (_, n) => `a-${String(n).padStart(5, '0')}`);

const outage = (): Fault => new Fault('policy_unavailable', { retryable: true });

beforeAll(async () => {
  postgres = await startPostgres();
  const adminUrl = await postgres.freshDatabase();
  await migrate(adminUrl, [{ service: 'approvals', password: 'approvals-pw', migrations: [CreateFired] }]);
  url = postgres.urlAs(roleOf('approvals'), 'approvals-pw', new URL(adminUrl).pathname.slice(1));
  database = connect();
});

afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.close()));
  await postgres.remove();
});

beforeEach(async () => {
  await database.query('DELETE FROM timers');
  await database.query('DELETE FROM fired');
});

afterEach(async () => {
  Date.now = systemClock;
  await Promise.all(loops.map((loop) => loop.stop()));
  loops = [];
});

describe('timers', () => {
  it('fire once each, however many processes look for them', async () => {
    const all = refs(3_000);
    await set('expiry', all);
    // Nobody goes on until all three have a batch: a loop that waited for another's rows would wait here for ever.
    const together = meetingOf(3);
    const handlers = [1, 2, 3].map(() => new Recording(once(together.meet)));
    handlers.forEach((handler) => startLoop({ expiry: handler }, connect()));
    await eventually(async () => expect(await waiting()).toEqual([]), { withinMs: 40_000 }).finally(together.open);
    expect((await fired()).sort()).toEqual(all);
    expect(handlers.flatMap(({ batches }) => batches).every((batch) => batch.length <= 500)).toBe(true);
  });

  it('fire in the order of their time, the longest due first', async () => {
    await set('expiry', ['a-third'], { seconds: -10 });
    await set('expiry', ['c-first'], { seconds: -30 });
    await set('expiry', ['b-second'], { seconds: -20 });
    const handler = new Recording();
    startLoop({ expiry: handler });
    await eventually(() => expect(handler.batches).toEqual([['c-first', 'b-second', 'a-third']]));
  });

  it('fire at their time by the clock of the database, whatever the clock of the process says', async () => {
    await set('expiry', ['soon'], { seconds: 0.3 });
    await set('expiry', ['later'], { seconds: 3_600 });
    await set('expiry', ['absolute'], new Date((await database.now()).getTime() - 1_000));
    const year = 365 * 24 * 3_600_000;
    const handler = new Recording();
    startLoop({ expiry: handler });
    for (const skew of [year, -year]) {
      Date.now = () => systemClock() + skew;
      await set('expiry', [`skewed ${String(skew)}`], { seconds: 0.1 });
      await eventually(async () => expect(await fired()).toContain(`skewed ${String(skew)}`));
    }
    await eventually(async () => expect(await fired()).toEqual(expect.arrayContaining(['absolute', 'soon'])));
    expect(await waiting()).toEqual([{ kind: 'expiry', ref: 'later', attempts: 0 }]);
    const [late] = await database.query<{ early: number }>(
      "SELECT count(*)::int AS early FROM fired WHERE ref = 'later'",
    );
    expect(late?.early).toBe(0);
  });

  it('are moved when they are set again, and gone when they are cleared', async () => {
    await set('expiry', ['moved', 'cleared', 'kept']);
    await set('expiry', ['moved'], { seconds: 3_600 });
    await database.transaction((tx) => timers.clear(tx, 'expiry', ['cleared', 'never set']));
    const handler = new Recording();
    startLoop({ expiry: handler });
    await eventually(async () => expect(await fired()).toEqual(['kept']));
    expect((await waiting()).map(({ ref }) => ref)).toEqual(['moved']);
  });

  it('are not set or cleared by a transaction that is rolled back', async () => {
    await set('expiry', ['stays'], { seconds: 3_600 });
    const failing = database.transaction(async (tx) => {
      await timers.set(tx, [{ kind: 'expiry', ref: 'new', dueAt: past }]);
      await timers.clear(tx, 'expiry', ['stays']);
      throw new TypeError('bug');
    });
    await expect(failing).rejects.toThrow(TypeError);
    expect((await waiting()).map(({ ref }) => ref)).toEqual(['stays']);
  });

  it('can be set again by their own handler', async () => {
    await set('reminder', ['r']);
    let rounds = 0;
    const again = new Recording(async (due, tx) => {
      rounds += 1;
      if (rounds < 3)
        await timers.set(
          tx,
          due.map((ref) => ({ kind: 'reminder', ref, dueAt: past })),
        );
    });
    startLoop({ reminder: again });
    await eventually(async () => expect(await fired()).toEqual(['r', 'r', 'r']));
    expect(await waiting()).toEqual([]);
  });

  it('of which the last of two in one call counts', async () => {
    await database.transaction((tx) =>
      timers.set(tx, [
        { kind: 'expiry', ref: 'x', dueAt: past },
        { kind: 'expiry', ref: 'x', dueAt: { seconds: 3_600 } },
      ]),
    );
    expect(await database.query('SELECT due_at > now() AS later FROM timers')).toEqual([{ later: true }]);
  });
});

describe('a kind that is paced', () => {
  it('comes in small batches, and rests seven times as long after each full one as it took', async () => {
    const all = refs(120);
    await set('expiry', all);
    const spans: { began: number; ended: number }[] = [];
    const handler = new Recording(async () => {
      const began = performance.now();
      await pause(50);
      spans.push({ began, ended: performance.now() });
    });
    startLoop({ expiry: handler }, database, ['expiry']);
    await eventually(async () => expect((await fired()).length).toBe(120));
    expect(handler.batches).toEqual([all.slice(0, 50), all.slice(50, 100), all.slice(100)]);
    const rests = spans.slice(1).map(({ began }, n) => began - (spans[n]?.ended ?? 0));
    expect(Math.min(...rests)).toBeGreaterThanOrEqual(7 * 50);
  });

  it('does not rest when all that was due was taken', async () => {
    await set('expiry', refs(20));
    let again = 4;
    const handler = new Recording(async (due, tx) => {
      again -= 1;
      // So long that a rest would reach past the patience of this case.
      await pause(again === 3 ? 1_500 : 0);
      if (again > 0)
        await timers.set(
          tx,
          due.map((ref) => ({ kind: 'expiry', ref, dueAt: past })),
        );
    });
    startLoop({ expiry: handler }, database, ['expiry']);
    await eventually(async () => expect(await fired()).toHaveLength(80), { withinMs: 6_000 });
  });

  it('holds up no other kind while it rests', async () => {
    await set('expiry', refs(100));
    const rests = new Recording(async () => pause(500));
    const other = new Recording();
    startLoop({ expiry: rests, reminder: other }, database, ['expiry']);
    await eventually(async () => expect(await fired()).toHaveLength(50));
    await set('reminder', ['r']);
    await eventually(() => expect(other.batches).toEqual([['r']]));
    expect(rests.batches).toHaveLength(1);
    await eventually(() => expect(rests.batches).toHaveLength(2));
  });
});

describe('a handler that fails', () => {
  it('because of one bad ref does not keep the others from happening, and that one is tried again later', async () => {
    const all = refs(600);
    await set('expiry', all);
    const bad = all[217] ?? '';
    let healed = false;
    startLoop({
      expiry: new Recording((due) => {
        if (!healed && due.includes(bad)) throw new TypeError('bug');
      }),
    });
    await eventually(async () => expect((await fired()).sort()).toEqual(all.filter((ref) => ref !== bad)), {
      withinMs: 20_000,
    });
    await eventually(async () =>
      expect((await waiting())[0]).toMatchObject({ ref: bad, attempts: expect.any(Number) }),
    );
    healed = true;
    await eventually(async () => expect((await fired()).sort()).toEqual(all), { withinMs: 20_000 });
  });

  it('is tried ever more rarely for the same ref', async () => {
    await set('expiry', ['bad']);
    const handler = new Recording(() => {
      throw new TypeError('bug');
    });
    startLoop({ expiry: handler });
    await eventually(async () => expect((await waiting())[0]?.attempts).toBeGreaterThanOrEqual(2));
    const [row] = await database.query<{ seconds: number }>(
      'SELECT extract(epoch FROM due_at - clock_timestamp())::float8 AS seconds FROM timers',
    );
    expect(row?.seconds).toBeGreaterThan(1);
    expect(await fired()).toEqual([]);
  });

  it('because of an outage waits with the whole batch, and other kinds go on', async () => {
    await set('expiry', refs(20));
    await set('reminder', ['r']);
    let down = true;
    const handler = new Recording(() => {
      if (down) throw outage();
    });
    startLoop({ expiry: handler, reminder: new Recording() });
    await eventually(async () => {
      expect(await fired()).toEqual(['r']);
      expect(handler.batches.length).toBeGreaterThan(1);
    });
    expect(handler.batches.every((batch) => batch.length === 20)).toBe(true);
    expect((await waiting()).every(({ attempts }) => attempts === 0)).toBe(true);
    down = false;
    await eventually(async () => expect((await fired()).sort()).toEqual([...refs(20), 'r'].sort()));
  });

  it('because its connection was cut has had no effect, and happens again', async () => {
    await set('expiry', ['x']);
    let cuts = 0;
    startLoop({
      expiry: new Recording(async (_due, tx) => {
        if (cuts > 0) return;
        cuts += 1;
        const [own] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        const admin = new pg.Client({ connectionString: postgres.url });
        await admin.connect();
        await admin.query('SELECT pg_terminate_backend($1)', [own?.pid]);
        await admin.end();
        await tx.query('SELECT 1');
      }),
    });
    await eventually(async () => expect(await waiting()).toEqual([]));
    expect(await fired()).toEqual(['x']);
  });

  it('by ignoring a failed statement is found out, because nothing of it was saved', async () => {
    await set('expiry', ['x']);
    startLoop({
      expiry: new Recording((_due, tx) =>
        tx.query('SELECT 1 / 0').then(
          () => undefined,
          () => undefined,
        ),
      ),
    });
    await eventually(async () => expect((await waiting())[0]).toMatchObject({ ref: 'x', attempts: 1 }));
    expect(await fired()).toEqual([]);
  });
});

describe('a loop that is stopped', () => {
  it('ends the batch that it has begun and begins no other', async () => {
    await set('expiry', refs(1_200));
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const handler = new Recording(() => held);
    const loop = startLoop({ expiry: handler });
    await eventually(() => expect(handler.batches).toHaveLength(1));
    const stopped = loop.stop();
    const soon = new Promise((resolve) => setImmediate(() => resolve('still running')));
    expect(await Promise.race([stopped.then(() => 'stopped'), soon])).toBe('still running');
    release();
    await stopped;
    expect(await fired()).toHaveLength(500);
    expect(await waiting()).toHaveLength(700);
  });
});

describe('what is due', () => {
  it('is found by the index, however many timers lie in the future', async () => {
    await database.query(
      "INSERT INTO timers (kind, ref, due_at) SELECT 'expiry', 'f' || n, now() + interval '1 day' FROM generate_series(1, 50000) n",
    );
    const admin = new pg.Client({ connectionString: postgres.url.replace(/\/[^/]*$/u, new URL(url).pathname) });
    await admin.connect();
    await admin.query('ANALYZE approvals.timers');
    const { rows } = await admin.query<{ 'QUERY PLAN': string }>(
      "EXPLAIN (ANALYZE, BUFFERS OFF) SELECT ref FROM approvals.timers WHERE kind = 'expiry' AND due_at <= now() ORDER BY due_at, ref LIMIT 500 FOR UPDATE SKIP LOCKED",
    );
    await admin.end();
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain('timers_due');
    expect(plan).not.toContain('Rows Removed by Filter');
  });
});

/** The first call waits for the meeting, later ones do not. */
function once(meet: () => Promise<void>): () => Promise<void> | undefined {
  let met = false;
  return () => {
    if (met) return undefined;
    met = true;
    return meet();
  };
}

/** A barrier for `count` parties, which can also be opened by hand. */
function meetingOf(count: number): { meet: () => Promise<void>; open: () => void } {
  let arrived = 0;
  let open: () => void = () => undefined;
  const all = new Promise<void>((resolve) => {
    open = resolve;
  });
  const meet = (): Promise<void> => {
    arrived += 1;
    if (arrived === count) open();
    return all;
  };
  return { meet, open };
}
