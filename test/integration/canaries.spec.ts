import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { generateKeys } from '#trust';
import pg from 'pg';
import { canaries, closeProcesses } from '../support/canaries.js';
import { startPostgres } from '../support/postgres.js';
import { scratchFolder } from '../support/scratch.js';

/* The search that every world goes through when it is taken down. Each case plants a leak and sees that taking down fails, and that it is done all the same. */

function aSecret(name: string): string {
  const secret = `planted-${randomBytes(16).toString('hex')}`;
  canaries.add(name, secret);
  return secret;
}

describe('a world is not taken down in silence', () => {
  it('with a secret in a file, but for those where secrets are at home', () => {
    const [leaking, sound] = [scratchFolder('leaking'), scratchFolder('sound')];
    const secret = aSecret('a secret of a file');
    writeFileSync(join(leaking.dir, 'service.log'), `{"password":"${Buffer.from(secret).toString('base64')}"}`);
    mkdirSync(join(sound.dir, 'secrets'));
    writeFileSync(join(sound.dir, 'secrets', 'a.password'), secret);
    sound.remove();
    expect(() => {
      leaking.remove();
    }).toThrow('a secret of a file in');
    expect(existsSync(leaking.dir)).toBe(false);
  });

  it('with a private key of one world in a file of another', () => {
    const [keys, other] = [scratchFolder('keys'), scratchFolder('other')];
    const { keysFiles } = generateKeys('gate.test.example', join(keys.dir, 'keys'));
    writeFileSync(join(other.dir, 'log'), 'nothing yet');
    other.remove();
    const third = scratchFolder('third');
    writeFileSync(join(third.dir, 'log'), JSON.stringify(keysFiles) + readFileSync(keysFiles['policy'] ?? '', 'utf8'));
    expect(() => {
      third.remove();
    }).toThrow('private keys in policy.keys.json in');
    keys.remove();
  });

  it('with a secret in a row, also where PostgreSQL has packed it so that no file shows it', async () => {
    const postgres = await startPostgres();
    const client = new pg.Client({ connectionString: await postgres.freshDatabase() });
    await client.connect();
    await client.query('CREATE TABLE things (about text)');
    await client.query('INSERT INTO things VALUES ($1)', [
      `${'long and packed '.repeat(500)}${aSecret('a secret of a row')}`,
    ]);
    await client.end();
    await expect(postgres.remove()).rejects.toThrow('a secret of a row in public.things');
    expect(existsSync(postgres.dir)).toBe(false);
  });

  it('with a secret in an argument', async () => {
    const scratch = scratchFolder('arguments');
    const child = spawn('/bin/sh', ['-c', 'echo up; read line', aSecret('a secret of an argument'), scratch.dir]);
    await once(child.stdout, 'data');
    expect(closeProcesses).toThrow('a secret of an argument in cmdline of process');
    child.stdin.end();
    await once(child, 'exit');
    scratch.remove();
  });
});
