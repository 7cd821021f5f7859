import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../test/support/eventually.js';
import { scratchFolder } from '../../test/support/scratch.js';
import { Supervisor, type News, type Supervised } from './supervisor.js';

let supervisor: Supervisor | undefined;
afterEach(async () => {
  await supervisor?.stopAll();
});

function supervising(): { told: News[]; next: (what: News['what'], count?: number) => Promise<void> } {
  const told: News[] = [];
  let wake: () => void = () => undefined;
  supervisor = new Supervisor((news) => {
    told.push(news);
    wake();
  });
  const next = async (what: News['what'], count = 1): Promise<void> => {
    while (told.filter((news) => news.what === what).length < count) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { told, next };
}

const program = (script: string, more: Partial<Supervised> = {}): Supervised => ({
  name: 'it',
  command: ['/bin/sh', '-c', script],
  restart: false,
  ...more,
});

describe('the supervisor', () => {
  it('starts a program again that ends by itself, later each time', async () => {
    const { told, next } = supervising();
    await supervisor?.start(program('exit 3', { restart: true }));
    await next('restarting', 2);
    expect(told.filter((news) => news.what === 'ended')[0]).toEqual({
      name: 'it',
      what: 'ended',
      exit: { code: 3, signal: null },
    });
    expect(told.filter((news) => news.what === 'restarting').map((news) => news.inMs)).toEqual([500, 1000]);
  });

  it('gives a fault to the first life only', async () => {
    const { told, next } = supervising();
    const env = { PATH: process.env['PATH'], SALLYPORT_FAULT: 'somewhere:1' };
    await supervisor?.start(program('[ -z "$SALLYPORT_FAULT" ] && exit 4; kill -9 $$', { restart: true, env }));
    await next('ended', 2);
    const exits = told.flatMap((news) => (news.what === 'ended' ? [news.exit] : []));
    expect(exits).toEqual([
      { code: null, signal: 'SIGKILL' },
      { code: 4, signal: null },
    ]);
  });

  it('leaves a stopped program stopped', async () => {
    const { told } = supervising();
    await supervisor?.start(program('exec sleep 60', { restart: true }));
    expect(await supervisor?.stop('it')).toEqual({ code: null, signal: 'SIGTERM' });
    expect(told.filter((news) => news.what === 'restarting')).toEqual([]);
  });

  it('forces a program that does not end when asked', async () => {
    supervising();
    const scratch = scratchFolder('supervisor');
    const logFile = join(scratch.dir, 'it.log');
    await supervisor?.start(program('trap "" TERM; echo deaf; while :; do sleep 1; done', { graceMs: 300, logFile }));
    await eventually(() => {
      expect(readFileSync(logFile, 'utf8')).toBe('deaf\n');
    });
    expect(await supervisor?.stop('it')).toEqual({ code: null, signal: 'SIGKILL' });
    scratch.remove();
  });

  it('says how a program failed that should have done its work, with the end of its log', async () => {
    supervising();
    const scratch = scratchFolder('supervisor');
    const logFile = join(scratch.dir, 'it.log');
    await supervisor?.finish({ ...program('echo done'), logFile });
    await expect(supervisor?.finish({ ...program('echo no room; exit 5'), logFile })).rejects.toThrow(
      `it failed (exit code 5). The end of ${logFile}:\ndone\nno room`,
    );
    scratch.remove();
  });

  it('says why a program is not ready: it has ended, how, and with which last words', async () => {
    supervising();
    const scratch = scratchFolder('supervised');
    const logFile = join(scratch.dir, 'it.log');
    const readyUrl = 'http://127.0.0.1:9/readyz';
    const start = supervisor?.start(program('echo no room; exit 1', { readyUrl, logFile }));
    await expect(start).rejects.toThrow(
      `it at ${readyUrl} (log: ${logFile}): the process has ended (exit code 1). The end of its log:\nno room`,
    );
    scratch.remove();
  });
});
