import { Injectable, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Database, DatabaseModule, migrate, roleOf, Timers, TimersModule, type TimerHandler, type Tx } from '#database';
import { commonSettings, createApp, defineSettings, loadSettings, Log, type ReadinessReport } from '#platform';
import pg from 'pg';
import { z } from 'zod';
import { eventually } from '../support/eventually.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

jest.setTimeout(60_000);

const seen: string[] = [];

/** A store as services write them: it gets the transaction from its handler. */
@Injectable()
class InboxStore {
  async save(tx: Tx, subjects: string[]): Promise<void> {
    await tx.query("INSERT INTO inbox (source, subject, sequence) SELECT 'timer', unnest($1::text[]), 1", [subjects]);
  }
}

@Injectable()
class ExpireThings implements TimerHandler {
  constructor(private readonly store: InboxStore) {}

  async handle(refs: string[], tx: Tx): Promise<void> {
    await this.store.save(tx, refs);
    tx.afterCommit(() => seen.push(...refs));
  }
}

@Module({
  imports: [
    DatabaseModule.forService({ schema: 'intake', migrations: [] }),
    TimersModule.forHandlers([{ kind: 'expiry', handler: ExpireThings }]),
  ],
  providers: [InboxStore, ExpireThings],
})
class IntakeModule {}

const definition = defineSettings(z.object(commonSettings('intake')));

let postgres: TestPostgres;
let adminUrl: string;
let app: NestFastifyApplication;

async function startService(): Promise<NestFastifyApplication> {
  const settings = loadSettings(definition, {
    SALLYPORT_MODE: 'demo',
    SALLYPORT_DATABASE_URL: postgres.urlAs(roleOf('intake'), 'intake-pw', new URL(adminUrl).pathname.slice(1)),
    SALLYPORT_TRUST_FILE: 'unused',
    SALLYPORT_KEYS_FILE: 'unused',
  });
  const log = new Log('intake', 'error', { write: () => undefined });
  const service = await createApp({ name: 'intake', settings, log }, { module: IntakeModule });
  await service.init();
  await service.getHttpAdapter().getInstance().ready();
  return service;
}

async function readiness(): Promise<{ status: number; report: ReadinessReport }> {
  const answer = await app.inject({ method: 'GET', url: '/readyz' });
  return { status: answer.statusCode, report: answer.json() };
}

async function sessions(): Promise<number> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  const { rows } = await admin.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'sallyport intake'",
  );
  await admin.end();
  return rows[0]?.n ?? -1;
}

beforeAll(async () => {
  postgres = await startPostgres();
  adminUrl = await postgres.freshDatabase();
  await migrate(adminUrl, [{ service: 'intake', password: 'intake-pw', migrations: [] }]);
});

afterAll(async () => {
  await postgres.remove();
});

afterEach(async () => {
  await app.close();
});

describe('a service with a database', () => {
  it('is ready, fires its timers through its own handlers, and leaves no session behind when it ends', async () => {
    app = await startService();
    await eventually(async () => expect((await readiness()).status).toBe(200));
    const database = app.get(Database, { strict: false });
    const timers = app.get(Timers, { strict: false });
    await database.transaction((tx) => timers.set(tx, [{ kind: 'expiry', ref: 'x', dueAt: { seconds: 0 } }]));
    await eventually(() => expect(seen).toEqual(['x']));
    expect(await database.query('SELECT subject FROM inbox')).toEqual([{ subject: 'x' }]);
    await app.close();
    // The server sees a moment later that the connection is closed.
    await eventually(async () => expect(await sessions()).toBe(0));
  });

  it('is not ready while its schema is behind, and becomes so without a restart', async () => {
    const admin = new pg.Client({ connectionString: adminUrl });
    await admin.connect();
    const { rows } = await admin.query(
      "DELETE FROM intake.migrations WHERE name LIKE 'CreateTimers%' RETURNING timestamp, name",
    );
    app = await startService();
    await eventually(async () => {
      const { status, report } = await readiness();
      expect(status).toBe(503);
      expect(report.parts['database']).toEqual({ ok: false, detail: expect.stringContaining('sallyport migrate') });
    });
    const [row] = rows as { timestamp: string; name: string }[];
    await admin.query('INSERT INTO intake.migrations (timestamp, name) VALUES ($1, $2)', [row?.timestamp, row?.name]);
    await admin.end();
    expect((await readiness()).status).toBe(200);
  });

  it('starts while PostgreSQL is away, lives, says what it waits for, and is ready when it is back', async () => {
    await postgres.stop();
    app = await startService();
    expect((await app.inject({ method: 'GET', url: '/livez' })).statusCode).toBe(200);
    expect((await readiness()).report.parts['database']).toMatchObject({ ok: false });
    await postgres.start();
    await eventually(async () => expect((await readiness()).status).toBe(200), { withinMs: 15_000 });
  });
});
