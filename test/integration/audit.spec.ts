import { execFile, spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Caller } from '#trust/http';
import { verifyExport } from '../../apps/cli/src/handlers/audit-verify.js';
import { aPerson, known } from '../../apps/policy/src/registry.fixture.js';
import { flipByte } from '../support/audit-export.js';
import { scratchFolder } from '../support/scratch.js';
import { where } from '../support/where.js';
import { AuditLogs, events, type AuditLog } from './audit-world.js';

const run = promisify(execFile);
const scratch = scratchFolder('audit-log');
let logs: AuditLogs;

jest.setTimeout(30_000);

beforeAll(async () => {
  logs = await AuditLogs.start();
}, 60_000);
afterAll(async () => {
  await logs.end();
  scratch.remove();
});

const person = (id: string): Caller => ({ kind: 'person', person: aPerson(id), iss: 'i', sub: id, clientId: 'c' });

/** What the database itself said against a statement. */
async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'it was done';
  } catch (error) {
    return String((error as Error).cause);
  }
}

/** A log with every event of a gate in it, signed. */
async function aWrittenLog(): Promise<AuditLog> {
  const log = await logs.fresh();
  await log.hear(...events(logs.gate));
  expect(await log.sign.handle()).toBe('signed');
  return log;
}

describe('numbers', () => {
  it('are contiguous when two writers append at the same moment, and those of one that failed are used again', async () => {
    const log = await logs.fresh();
    const all = events(logs.gate);
    const slices = Array.from({ length: 20 }, (_, i) => all.slice(0, 1 + (i % 4)));
    const lost = new Error('the slice is lost');
    const failing = log.database.transaction(async (tx) => {
      await log.appendLeaves.handle(all, tx);
      throw lost;
    });
    await Promise.all([...slices.map((slice) => log.hear(...slice)), expect(failing).rejects.toBe(lost)]);
    const count = slices.reduce((sum, slice) => sum + slice.length, 0);
    expect(await log.seqs()).toEqual(Array.from({ length: count }, (_, i) => i));
    expect(await log.sign.handle()).toBe('signed');
    expect((await log.store.lastCheckpoint())?.size).toBe(String(count));
  });
});

describe('what is in the log', () => {
  const tables = ['leaves', 'leaf_values', 'checkpoints'];
  const changes = tables.flatMap((table) => [
    `UPDATE ${table} SET ${table === 'checkpoints' ? 'size = size' : 'seq = seq'}`,
    `DELETE FROM ${table}`,
    `TRUNCATE ${table} CASCADE`,
  ]);
  const erasing = 'DELETE FROM leaf_values';
  let log: AuditLog;
  beforeAll(async () => {
    log = await aWrittenLog();
  });

  it.each(changes)('is not changed by the service: %s', async (sql) => {
    expect(await refusal(log.database.query(sql))).toContain('permission denied');
  });

  it.each(changes.filter((sql) => sql !== erasing))('is not changed by a slip of the owner: %s', async (sql) => {
    expect(await refusal(log.asOwner((tx) => tx.query(sql)))).toContain('append-only');
  });

  it.each([`INSERT INTO head (size, frontier) VALUES (0, '{}')`, 'DELETE FROM head', 'TRUNCATE head'])(
    'has one head for ever: %s',
    async (sql) => {
      expect(await refusal(log.database.query(sql))).toContain('permission denied');
    },
  );

  it('can be erased by the owner, value by value, and still verifies', async () => {
    const erased = await aWrittenLog();
    await erased.asOwner((tx) => tx.query('DELETE FROM leaf_values WHERE seq IN (4, 5)'));
    const folder = join(scratch.dir, 'erased');
    await erased.exportTo(folder);
    await expect(verifyExport(folder, { key: erased.verifierKey })).resolves.toMatchObject({ erased: 2 });
  });
});

describe('signing', () => {
  it('says that there is nothing new instead of signing the same log twice', async () => {
    const log = await aWrittenLog();
    expect(await log.sign.handle()).toBe('nothing_new');
    expect(await log.database.query('SELECT size FROM checkpoints')).toHaveLength(1);
  });

  it('is refused for a log that is shorter than one that was signed, and adds no checkpoint', async () => {
    const log = await aWrittenLog();
    const before = await log.store.lastCheckpoint();
    await log.database.query(`UPDATE head SET size = size - 1`);
    expect(await log.sign.handle()).toBe('log_shrank');
    expect(await log.store.lastCheckpoint()).toEqual(before);
  });

  it('makes one checkpoint when two instances sign at the same moment', async () => {
    const log = await logs.fresh();
    await log.hear(...events(logs.gate));
    const outcomes = await Promise.all([log.sign.handle(), log.sign.handle()]);
    expect(outcomes.sort()).toEqual(['nothing_new', 'signed']);
  });
});

describe('an export', () => {
  it('is for those who are auditors at this moment', async () => {
    const log = await aWrittenLog();
    await expect(log.controller.export(person('paul'))).rejects.toThrow('not_found');
    await expect(log.controller.entries(person('paul'), 'x')).rejects.toThrow('not_found');
    log.registry.put(known('groups', 'auditors', { members: ['paul'], channel: {} }, { version: 2 }), { copied: false });
    await expect(log.controller.export(person('olga'))).rejects.toThrow('not_found');
    await expect(log.controller.export(person('paul'))).resolves.toBeTruthy();
  }); // prettier-ignore

  it('holds more entries than one page, up to the checkpoint and not beyond', async () => {
    const log = await logs.fresh();
    const [first] = events(logs.gate);
    if (first === undefined) throw new TypeError('no event');
    await log.hear(...Array.from({ length: 1_201 }, () => first));
    await log.sign.handle();
    await log.hear(first);
    const folder = join(scratch.dir, 'pages');
    await log.exportTo(folder);
    await expect(verifyExport(folder, { key: log.verifierKey })).resolves.toMatchObject({ entries: '1201' });
  });

  it('verifies, continues a checkpoint that was kept, and no longer verifies with one byte changed', async () => {
    const log = await logs.fresh();
    const all = events(logs.gate);
    await log.hear(...all.slice(0, 6));
    await log.sign.handle();
    const folder = join(scratch.dir, 'since');
    await log.exportTo(folder);
    const since = join(folder, 'kept');
    copyFileSync(join(folder, 'checkpoint'), since);
    await log.hear(...all.slice(6));
    await log.sign.handle();
    await log.exportTo(folder);
    await expect(verifyExport(folder, { key: log.verifierKey, since })).resolves.toMatchObject({
      entries: '12', since: '6', actions: 2, released: 2, votes: 2, outcomes: 3,
    }); // prettier-ignore
    flipByte(join(folder, 'entries.ndjson'), 200);
    await expect(verifyExport(folder, { key: log.verifierKey, since })).rejects.toThrow();
  });

  const cli = join(import.meta.dirname, '../../dist/programs/cli.js');
  const apart = ['-rn', process.execPath];
  const isPermitted = spawnSync('unshare', ['-rn', 'true']).status === 0;

  where(isPermitted, 'this user may not make an empty network namespace with unshare -rn')(
    'is verified by the command where there is no network at all, and a changed byte is exit status 1',
    async () => {
      const log = await aWrittenLog();
      const folder = join(scratch.dir, 'apart');
      await log.exportTo(folder);
      const up = 'process.stdout.write(Object.keys(os.networkInterfaces()).join())';
      expect((await run('unshare', [...apart, '-e', up])).stdout).toBe('');
      const command = [...apart, cli, '--json', 'audit', 'verify', folder, '--key', log.verifierKey];
      const { stdout } = await run('unshare', command, { timeout: 60_000 });
      expect(JSON.parse(stdout)).toMatchObject({ entries: '12', released: 2, outcomes: 3, votes: 2 });
      flipByte(join(folder, 'entries.ndjson'), 200);
      await expect(run('unshare', command, { timeout: 60_000 })).rejects.toMatchObject({ code: 1 });
    },
    90_000,
  );
});
