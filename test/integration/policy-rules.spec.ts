import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { policyInput, type PolicyInput } from '#contracts';
import { Log, Readiness, Shutdown } from '#platform';
import { BundleRefused, openBundle, type Bundle } from '../../apps/policy/src/io/bundle.js';
import { PolicyEngine, proven } from '../../apps/policy/src/io/policy-engine.js';
import { PolicyFiles, PolicyRuntime } from '../../apps/policy/src/io/policy-runtime.js';
import { readTarGz } from '../../apps/policy/src/io/tar.js';
import { readBase } from '../../tools/policies/cases.js';
import { compileBundle } from '../../tools/policies/compile.js';
import { findOpa, mustRun } from '../../tools/policies/opa.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder('rules');
const file = join(scratch.dir, 'bundle.tar.gz');
let bundle: Bundle;

beforeAll(async () => {
  bundle = await compileBundle(await findOpa(), file);
}, 60_000);

afterAll(() => {
  scratch.remove();
});

const refund = (): PolicyInput => policyInput.parse(readBase('refund'));

describe('the engine', () => {
  it('answers rightly after 1,200 throws, of which a single instance dies,, and counts the instances it threw away', () => {
    const engine = new PolicyEngine(bundle);
    const bad = { ...refund(), claims: { justification: '\ud800' } };
    for (let i = 0; i < 600; i += 1) expect(engine.evaluate(bad)).toMatchObject({ ok: false, why: 'engine_threw' });
    expect(engine.counts).toMatchObject({ failures: 600, recycled: 1_200 });
    expect(engine.evaluate(refund())).toMatchObject({ ok: true, decision: { decision: 'allow' } });
  });

  it('does not pass an input that does not fit the contract', () => {
    const engine = new PolicyEngine(bundle);
    const resource = { ...refund().resource, environment: 'moon' };
    expect(engine.evaluate({ ...refund(), resource: resource as PolicyInput['resource'] })).toMatchObject({
      ok: false,
      why: 'input_invalid',
    });
    expect(engine.evaluate({} as PolicyInput)).toMatchObject({ ok: false, why: 'input_invalid' });
    expect(engine.counts.evaluations).toBe(0);
  });

  it('survives an input that is too large for its memory', () => {
    const engine = new PolicyEngine(bundle);
    const huge = { ...refund(), claims: { justification: 'x'.repeat(40 * 1024 * 1024) } };
    expect(engine.evaluate(huge).ok).toBe(false);
    expect(engine.evaluate(refund()).ok).toBe(true);
  });

  it('does not grow over many evaluations', () => {
    const engine = new PolicyEngine(bundle);
    const input = refund();
    for (let i = 0; i < 20_000; i += 1) engine.evaluateUnchecked(input);
    expect(engine.counts).toMatchObject({ failures: 0, recycled: 0 });
  });
});

/** The bundle with some of its files changed, or left out. */
function changed(files: Record<string, string | Buffer | undefined>): Buffer {
  const dir = join(scratch.dir, `changed-${String(Math.random())}`);
  mkdirSync(dir);
  execFileSync('tar', ['-xzPf', file, '--transform', 's,^/,,', '-C', dir]);
  for (const [name, content] of Object.entries(files)) {
    if (content === undefined) execFileSync('rm', [join(dir, name)]);
    else writeFileSync(join(dir, name), content);
  }
  execFileSync('tar', [
    '-czf',
    `${dir}.tar.gz`,
    '--format=ustar',
    '-C',
    dir,
    '.manifest',
    ...['data.json', 'policy.wasm'].filter((n) => files[n] !== undefined || !(n in files)),
  ]);
  return readFileSync(`${dir}.tar.gz`);
}

describe('a bundle', () => {
  const data = () => ({ config: bundle.config, catalogue: bundle.catalogue });

  it('is known by what decides: module, config and words', () => {
    expect(openBundle(readFileSync(file)).digest).toBe(bundle.digest);
    const other = { ...bundle.config, defaults: { ...bundle.config.defaults, approval_ttl_s: 60 } };
    expect(openBundle(readFileSync(file), other).digest).not.toBe(bundle.digest);
  });

  it.each([
    ['no archive', () => Buffer.from('x')],
    ['cut off', () => readFileSync(file).subarray(0, 2_000)],
    ['without a module', () => changed({ 'policy.wasm': undefined })],
    ['with a module that is none', () => changed({ 'policy.wasm': 'none' })],
    ['with a module that is cut off', () => changed({ 'policy.wasm': Buffer.from('0061736d01000000', 'hex') })],
    ['without data', () => changed({ 'data.json': undefined })],
    ['with data that is no JSON', () => changed({ 'data.json': '{' })],
    [
      'with a threshold of the wrong type',
      () =>
        changed({
          'data.json': JSON.stringify({ ...data(), config: { ...bundle.config, defaults: { offer_ttl_s: '300' } } }),
        }),
    ],
    [
      'with a quorum of nought',
      () =>
        changed({
          'data.json': JSON.stringify({
            ...data(),
            config: { ...bundle.config, pay: { ...bundle.config.pay, quorum: 0 } },
          }),
        }),
    ],
    ['without words', () => changed({ 'data.json': JSON.stringify({ config: bundle.config }) })],
  ])('%s is refused', (_, make) => {
    expect(() => proven(openBundle(make()))).toThrow(BundleRefused);
  });

  /** Other rules under the same entry point, compiled without our capabilities. */
  async function compiled(rego: string): Promise<Buffer> {
    const dir = join(scratch.dir, `rego-${String(Math.random())}`);
    mkdirSync(dir);
    writeFileSync(join(dir, 'main.rego'), rego);
    await mustRun(
      await findOpa(),
      ['build', '-t', 'wasm', '-e', 'sallyport/main/decision', '-b', '.', '-o', 'made.tar.gz'],
      dir,
    );
    const wasm = readTarGz(readFileSync(join(dir, 'made.tar.gz'))).get('policy.wasm');
    return changed({ 'policy.wasm': wasm });
  }
  const said = (decision: string): string =>
    `{"contract": "sallyport.decision/1", "decision": "${decision}", "findings": [], "shadow": [], "waived": [], "obligations": {"approvals": [], "approval_ttl_s": 1, "credential": {"ttl_s": 1, "max_uses": 1}, "offer_ttl_s": 1, "post_review": [], "notify": []}}`;

  it.each([
    [
      'that allows whatever it does not know',
      `package sallyport.main\n\ndecision := ${said('allow')}\n`,
      /empty input is not denied/u,
    ],
    [
      'that says something else than a decision',
      'package sallyport.main\n\ndecision := {"allow": false}\n',
      /trial evaluation failed: decision_invalid/u,
    ],
    [
      'that says nothing',
      'package sallyport.main\n\ndecision := 1 if input.never\n',
      /trial evaluation failed: undefined_decision/u,
    ],
    [
      'that needs a function of the host',
      `package sallyport.main\n\ndecision := object.union(${said('deny')}, {"x": sprintf("%v", [input])})\n`,
      /need sprintf of the host/u,
    ],
    ['that answers at another entry point', undefined, /no entry point|not valid/u],
  ])('%s is refused', async (_, rego, reason) => {
    const archive = rego === undefined ? await elsewhere() : await compiled(rego);
    expect(() => proven(openBundle(archive))).toThrow(reason);
  });

  async function elsewhere(): Promise<Buffer> {
    const dir = join(scratch.dir, 'elsewhere');
    mkdirSync(dir);
    writeFileSync(join(dir, 'main.rego'), 'package other\n\ndecision := 1\n');
    await mustRun(
      await findOpa(),
      ['build', '-t', 'wasm', '-e', 'other/decision', '-b', '.', '-o', 'made.tar.gz'],
      dir,
    );
    return changed({ 'policy.wasm': readTarGz(readFileSync(join(dir, 'made.tar.gz'))).get('policy.wasm') });
  }

  it('cannot bring findings in its data', () => {
    const evil = { rule: 'SCOPE-001', effect: 'allow', code: 'evil', params: {} };
    const smuggled = changed({
      'data.json': JSON.stringify({ ...data(), sallyport: { rules: { evil: { x: { finding: [evil] } } } } }),
    });
    const answer = proven(openBundle(smuggled)).evaluate({ ...refund(), subject: { ...refund().subject, scope: [] } });
    expect(answer).toMatchObject({ ok: true, decision: { decision: 'deny', findings: [{ code: 'out_of_scope' }] } });
  });
});

describe('rules in force', () => {
  const log = new Log('policy', 'error');

  function running(): {
    runtime: PolicyRuntime;
    readiness: Readiness;
    config: string;
    rules: string;
    stop: () => Promise<void>;
  } {
    const dir = join(scratch.dir, `run-${String(Math.random())}`);
    mkdirSync(dir);
    const [rules, config] = [join(dir, 'bundle.tar.gz'), join(dir, 'config.json')];
    writeFileSync(rules, readFileSync(file));
    writeFileSync(config, JSON.stringify(bundle.config));
    const [readiness, shutdown] = [new Readiness(), new Shutdown(log)];
    const files = new PolicyFiles(rules, config);
    const runtime = new PolicyRuntime(files, log, readiness, shutdown);
    runtime.onModuleInit();
    return { runtime, readiness, config, rules, stop: () => shutdown.run('spec') };
  }

  it('follow a changed file without a restart', async () => {
    const { runtime, config, stop } = running();
    const before = runtime.engine.bundle.digest;
    writeFileSync(
      config,
      JSON.stringify({ ...bundle.config, rules: { ...bundle.config.rules, 'PAY-001': { mode: 'off' } } }),
    );
    runtime.refresh();
    expect(runtime.engine.bundle.digest).not.toBe(before);
    expect(runtime.engine.bundle.config.rules['PAY-001']).toStrictEqual({ mode: 'off' });
    await stop();
  });

  it('stay when the changed file is refused, and say why', async () => {
    const { runtime, readiness, config, rules, stop } = running();
    const before = runtime.engine;
    const detail = async (): Promise<string> => (await readiness.report()).parts['rules']?.detail ?? '';
    writeFileSync(config, '{"contract": "sallyport.config/1"}');
    runtime.refresh();
    expect(runtime.engine).toBe(before);
    expect(await detail()).toMatch(/a newer file is refused: the config does not fit its schema at/u);
    writeFileSync(config, JSON.stringify(bundle.config));
    writeFileSync(rules, 'half a file');
    runtime.refresh();
    expect(runtime.engine).toBe(before);
    expect(await detail()).toMatch(/no gzipped archive/u);
    writeFileSync(rules, readFileSync(file));
    runtime.refresh();
    expect(await detail()).toBe(`deciding by ${bundle.digest}`);
    await stop();
  });

  it('must be there at the start', () => {
    const files = new PolicyFiles(join(scratch.dir, 'none.tar.gz'), undefined);
    expect(() => new PolicyRuntime(files, log, new Readiness(), new Shutdown(log)).onModuleInit()).toThrow(
      /cannot be read/u,
    );
  });
});
