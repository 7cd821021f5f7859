import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import { scratchFolder } from '../support/scratch.js';
import { SecretScan } from '../support/secret-scan.js';

const scratch = scratchFolder('scan');
afterAll(() => {
  scratch.remove();
});

const secret = `a/b+${randomBytes(12).toString('base64')}?`;
const key = randomBytes(32);
const scan = new SecretScan();
scan.add('secret', secret);
scan.add('key', key.toString('base64url'));
const noise = (): Buffer => randomBytes(5_000 + Math.floor(Math.random() * 7));
const found = (planted: Buffer): string[] =>
  scan.inBytes(Buffer.concat([noise(), planted, noise()]), 'x').map(({ secret: name }) => name);

describe('the search for secrets', () => {
  const bytes = Buffer.from(secret);
  it.each<[string, Buffer]>([
    ['as it is', bytes],
    ['in JSON in base64', Buffer.from(Buffer.from(JSON.stringify({ secret })).toString('base64'))],
    ['in base64 at another place', Buffer.from(Buffer.from(`x${secret}`).toString('base64'))],
    ['in base64 at a third place', Buffer.from(Buffer.from(`xx${secret}yy`).toString('base64'))],
    ['in base64url', Buffer.from(Buffer.from(`xx${secret}yy`).toString('base64url'))],
    ['in hexadecimal', Buffer.from(bytes.toString('hex'))],
    ['in capital hexadecimal', Buffer.from(bytes.toString('hex').toUpperCase())],
    ['in a URL', Buffer.from(`https://x.example/?q=${encodeURIComponent(secret)}&z`)],
    ['packed by gzip', gzipSync(Buffer.from(`{"secret":"${secret}"}`))],
  ])('finds one %s', (_, planted) => {
    expect(found(planted)).toEqual(['secret']);
  }); // prettier-ignore

  it('finds one in what gzip has packed and somebody has cut off, or named', () => {
    const packed = gzipSync(Buffer.from(`{"secret":"${secret}"}`));
    const named = Buffer.concat([
      packed.subarray(0, 3),
      Buffer.of(8),
      packed.subarray(4, 10),
      Buffer.from('a.json\0'),
      packed.subarray(10),
    ]);
    for (const form of [packed.subarray(0, -9), named]) expect(scan.inBytes(form, 'x')).toHaveLength(1);
  });

  it('finds a key by its bytes, in whatever form', () => {
    for (const form of ['hex', 'base64', 'base64url'] as const) expect(found(Buffer.from(key.toString(form)))).toEqual(['key']);
    expect(found(key)).toEqual(['key']);
  }); // prettier-ignore

  it('finds nothing where there is nothing, and every one of hundreds at every place', () => {
    expect(found(Buffer.alloc(0))).toEqual([]);
    const many = new SecretScan();
    const names = Array.from({ length: 300 }, (_, at) => `${String(at)}-${randomBytes(16).toString('hex')}`);
    for (const name of names) many.add(name, name);
    for (let shift = 0; shift < 20; shift += 1) {
      const text = Buffer.from('x'.repeat(shift) + names.join('y'.repeat(shift)));
      expect(many.inBytes(text, 'x').map(({ secret: name }) => name).sort()).toEqual([...names].sort());
    }
  }); // prettier-ignore

  it('looks into files below a folder, but for the homes of secrets', () => {
    const [log, home] = [join(scratch.dir, 'deep', 'log'), join(scratch.dir, 'deep', 'home')];
    mkdirSync(join(scratch.dir, 'deep'));
    for (const file of [log, home]) writeFileSync(file, `at ${secret}`);
    expect(scan.inFolder(scratch.dir, (file) => file === home)).toEqual([{ secret: 'secret', where: log }]);
  });

  it.each(['arguments', 'environment'])('looks into the %s of processes', async (where) => {
    const mark = randomBytes(8).toString('hex');
    const argument = where === 'arguments' ? secret : 'none';
    const env = { MARK: mark, ...(where === 'environment' && { LEAK: secret }) };
    const child = spawn('/bin/sh', ['-c', 'echo up; read line', argument], { env, stdio: ['pipe', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    expect(scan.inProcesses(mark).map((leak) => leak.secret)).toEqual(['secret']);
    child.stdin.end();
    await once(child, 'exit');
  });

  it('passes over 100 MB in less than two seconds of processor time, with hundreds of needles', () => {
    const many = new SecretScan();
    for (let at = 0; at < 100; at += 1) many.add('key', randomBytes(32).toString('base64url'));
    const megabyte = randomBytes(1_000_000);
    const before = process.cpuUsage();
    for (let at = 0; at < 100; at += 1) expect(many.inBytes(megabyte, 'x')).toEqual([]);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1e6).toBeLessThan(2);
    console.info(`${String(Math.round((user + system) / 1e3))} ms of processor time`);
  });
});
