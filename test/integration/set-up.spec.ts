import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { root } from '../../tools/world/place.js';
import { eventually } from '../support/eventually.js';
import { processesWith } from '../support/processes.js';
import { scratchFolder } from '../support/scratch.js';

const run = promisify(execFile);

describe('set-up', () => {
  it('says everything that this machine lacks, at once, before it starts anything', async () => {
    const scratch = scratchFolder('set-up');
    const env = { PATH: scratch.dir, SALLYPORT_OPA_BIN: '/nowhere/opa' };
    const refusal = run(process.execPath, ['tools/setup.mjs'], { cwd: root, env }).catch((error: unknown) => error);
    expect(await refusal).toMatchObject({
      code: 1,
      stderr: [
        '',
        '- Java 17 or newer is needed for Kafka (none found). Install it (Debian: apt-get install openjdk-17-jre-headless), or set SALLYPORT_KAFKA_BROKERS=host:port to a Kafka that runs already (`docker compose up -d kafka` starts one).',
        '- SALLYPORT_OPA_BIN=/nowhere/opa does not exist.',
        '',
      ].join('\n'),
    });
    scratch.remove();
  });

  it('asks for no Java where Kafka runs elsewhere', async () => {
    const scratch = scratchFolder('set-up');
    const env = { PATH: scratch.dir, SALLYPORT_KAFKA_BROKERS: 'kafka.example:9092', SALLYPORT_OPA_BIN: '/nowhere/opa' };
    const refusal = run(process.execPath, ['tools/setup.mjs'], { cwd: root, env }).catch((error: unknown) => error);
    expect(await refusal).toMatchObject({ stderr: '\n- SALLYPORT_OPA_BIN=/nowhere/opa does not exist.\n' });
    scratch.remove();
  });

  it('never runs twice at once, and is not held up by one that was killed', async () => {
    const scratch = scratchFolder('set-up');
    const diary = join(scratch.dir, 'diary');
    writeFileSync(diary, '');
    const dead = spawn(process.execPath, ['-e', '']);
    await once(dead, 'exit');

    const work = `
      import { appendFileSync, writeFileSync } from 'node:fs';
      import { setTimeout as pause } from 'node:timers/promises';
      import { alone } from ${JSON.stringify(join(root, 'tools/setup/lock.mjs'))};
      const [diary, lock] = process.argv.slice(1);
      await alone(async () => {
        appendFileSync(diary, 'in ');
        await pause(100);
        appendFileSync(diary, 'out ');
      }, () => {}, lock);
    `;
    const lock = join(scratch.dir, 'lock');
    writeFileSync(lock, String(dead.pid));
    const one = (): Promise<unknown> => run(process.execPath, ['--input-type=module', '-e', work, '--', diary, lock]);
    await Promise.all([one(), one(), one(), one()]);

    expect(readFileSync(diary, 'utf8')).toBe('in out in out in out in out ');
    scratch.remove();
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
    'takes what it runs with it when it gets %s',
    async (signal) => {
      const scratch = scratchFolder('set-up');
      const env = aMachineWhereEverythingTakesLong(scratch.dir);
      const child = spawn(process.execPath, ['tools/setup.mjs'], { cwd: scratch.dir, env, stdio: 'ignore' });
      const ended = once(child, 'exit');
      await eventually(() => {
        expect(processesWith(scratch.dir).length).toBeGreaterThan(9);
      });

      child.kill(signal);

      await ended;
      await eventually(() => {
        expect(processesWith(scratch.dir)).toEqual([]);
      });
      scratch.remove();
    },
    30_000,
  );
});

/** A fresh checkout, and programs that never end and start others: npm, Maven and Go as set-up would run them. */
function aMachineWhereEverythingTakesLong(dir: string): NodeJS.ProcessEnv {
  for (const part of ['package.json', 'package-lock.json', 'tools/setup', 'tools/setup.mjs', 'tools/leash.sh']) {
    cpSync(join(root, part), join(dir, part), { recursive: true });
  }
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  symlinkSync('/bin/sleep', join(bin, 'sleep'));
  const program = (name: string, version: string): void => {
    const script = `#!/bin/sh\ncase "$1" in version|-version|--version) echo '${version}';; *) sleep 300 & sleep 300;; esac\n`;
    writeFileSync(join(bin, name), script, { mode: 0o755 });
  };
  program('java', 'openjdk version "17.0.1"');
  program('npm', '11.0.0');
  program('mvn', 'Apache Maven 3.8.7');
  program('go', 'go version go1.26.0 linux/amd64');
  return { PATH: bin };
}
