import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { verifyRequestSignature } from '#trust';

/** The packed SDK in an empty folder, as somebody outside would have it. */
const root = join(import.meta.dirname, '..', '..');
const run = async (command: string, args: string[], cwd: string) =>
  (await promisify(execFile)(command, args, { cwd, encoding: 'utf8', timeout: 110_000 })).stdout;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-sdk-package-'));
  const tarball = (await run(process.execPath, ['libs/sdk/pack.mjs'], root)).trim();
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', tarball], folder);
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Runs a module in that folder; it prints one JSON value. */
async function runThere(source: string): Promise<unknown> {
  writeFileSync(join(folder, 'run.mjs'), source);
  return JSON.parse(await run(process.execPath, ['run.mjs'], folder)) as unknown;
}

const vectors = JSON.stringify(join(root, 'test', 'contract', 'vectors'));

describe('the packed SDK', () => {
  it('signs what the gate accepts', async () => {
    const signed = (await runThere(`
      import { readFileSync } from 'node:fs';
      import { SallyportAgent, Trust } from 'sallyport-sdk';
      const { keys } = JSON.parse(readFileSync(${vectors} + '/keys.json', 'utf8'));
      const url = 'http://127.0.0.1:1';
      const agent = new SallyportAgent({
        agentId: 'vectors-1', signingKey: keys.ed25519.jwk, encryptionKey: keys.enc_p256.jwk,
        trust: Trust.read(${vectors} + '/trust.json'), urls: { intake: url, notifier: url, credentials: url },
      });
      const asked = {
        action: { name: 'x', properties: {} }, resource: { type: 't', id: 'r' },
        context: { justification: 'j' }, requested_access: { profile: 'p', ttl_seconds: 60 },
      };
      console.log(JSON.stringify({ ...agent.sign(asked, 'here'), kid: keys.ed25519.thumbprint, jwk: keys.ed25519.jwk }));
    `)) as { value: string; signature: string; kid: string; jwk: { x: string } };
    const verified = verifyRequestSignature(Buffer.from(signed.value), signed.signature, {
      aud: 'here',
      keys: (kid) => ({ kty: 'OKP', crv: 'Ed25519', x: signed.jwk.x, kid, use: 'sig', agentId: 'vectors-1' }),
    });
    expect(verified).toMatchObject({ ok: true, header: { kid: signed.kid } });
  });

  it('verifies what the gate signs, and nothing else', async () => {
    const results = await runThere(`
      import { readFileSync } from 'node:fs';
      import { Trust, verifyOutcome } from 'sallyport-sdk';
      const trust = Trust.read(${vectors} + '/trust.json');
      const { cases } = JSON.parse(readFileSync(${vectors} + '/outcomes.json', 'utf8'));
      console.log(JSON.stringify(cases.map((c) => [c.accepted, verifyOutcome(trust, c, { agentId: 'vectors-1' }).ok])));
    `);
    expect(results).toHaveLength(7);
    for (const [expected, found] of results as [boolean, boolean][]) expect(found).toBe(expected);
  });

  it('lets no tool run without a consumed token', async () => {
    const refused = await runThere(`
      import { readFileSync } from 'node:fs';
      import { guarded, ToolGate, Trust } from 'sallyport-sdk';
      const { keys } = JSON.parse(readFileSync(${vectors} + '/keys.json', 'utf8'));
      const options = { toolUrl: 'https://tool.example', credentialsUrl: 'http://127.0.0.1:9', key: keys.ed25519.jwk };
      const tool = new ToolGate({ ...options, trust: Trust.read(${vectors} + '/trust.json') });
      let ran = false;
      const run = guarded(tool, 'x', async () => { ran = true; });
      const codes = [];
      for (const headers of [{}, { authorization: 'DPoP a.b.c', dpop: 'd.e.f' }])
        codes.push(await run({ method: 'POST', url: '/', headers }).then(() => 'ran', (error) => error.code));
      console.log(JSON.stringify([ran, ...codes]));
    `);
    expect(refused).toEqual([false, 'token_invalid', 'token_invalid']);
  });

  it('has types that a strict compiler accepts', async () => {
    const source = `
      import { fastifyGuard, frozenOf, GateError, guarded, KafkaDoor, SallyportAgent, ToolGate, type KafkaLike } from 'sallyport-sdk';
      export async function use(agent: SallyportAgent, kafka: KafkaLike, tool: ToolGate): Promise<string> {
        const door = new KafkaDoor(kafka, agent);
        const ticket = await door.ask({
          action: { name: 'x', properties: {} }, resource: { type: 't', id: 'r' },
          context: { justification: 'j' }, requested_access: { profile: 'p', ttl_seconds: 60 },
        });
        const error = new GateError('ended', 'x');
        const { action } = await tool.consume('t', 'p', { htm: 'POST', htu: 'https://tool.example/' });
        const run = guarded(tool, 'x', (frozen) => Promise.resolve(frozen.action_id));
        await run({ method: 'POST', url: '/', headers: {} });
        const preHandler = fastifyGuard(tool, 'x');
        await preHandler({ headers: {} }, { code: () => 0, header: () => 0, send: () => 0 });
        frozenOf({});
        return agent.withLease(ticket, ({ credential }) => Promise.resolve(credential.kind + action.name + error.code));
      }`;
    writeFileSync(join(folder, 'use.ts'), source);
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node'];
    const typeRoots = ['--typeRoots', join(root, 'node_modules', '@types')];
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    expect(await run(process.execPath, [tsc, ...options, ...typeRoots, 'use.ts'], folder)).toBe('');
  }, 60_000);

  it('brings nothing of the servers along', async () => {
    const listed = await run('npm', ['ls', '--all', '--parseable'], folder);
    const names = listed.trim().split('\n').slice(1).map((path) => path.slice(path.indexOf('node_modules/') + 13)); // prettier-ignore
    expect(names.sort()).toEqual(['jose', 'sallyport-sdk', 'zod']);
  });
});
