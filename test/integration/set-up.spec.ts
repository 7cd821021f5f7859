import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { root } from '../../tools/world/place.js';
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
});
