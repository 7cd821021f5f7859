import { createHash } from 'node:crypto';
import { policyConfig, type PolicyConfig } from '#contracts';
import { digestOf } from '#trust';
import { catalogue, type Catalogue } from '../core/catalogue.js';
import { membersOf } from '../core/member.js';
import { readTarGz } from './tar.js';

/** Everything that decides, immutable: two decisions with the same digest were made by the same rules and thresholds. */
export interface Bundle {
  readonly module: WebAssembly.Module;
  readonly config: PolicyConfig;
  readonly catalogue: Catalogue;
  readonly revision: string;
  readonly digest: string;
}

/** A bundle or config that must not decide. The reason is for the log of the operators. */
export class BundleRefused extends Error {
  constructor(reason: string, cause?: unknown) {
    super(reason, { cause });
    this.name = 'BundleRefused';
  }
}

/** What a policy module of ABI 1 may ask of its host; anything else is not a policy. */
const allowedImports = new Set([
  'memory', 'opa_abort', 'opa_println', 'opa_builtin0', 'opa_builtin1', 'opa_builtin2', 'opa_builtin3', 'opa_builtin4',
]); // prettier-ignore

/**
 * Opens an OPA bundle (`opa build -t wasm`). `config`, when given, stands in for the config inside the bundle.
 * @throws BundleRefused
 */
export function openBundle(archive: Buffer, config?: unknown): Bundle {
  const files = unpack(archive);
  const wasm = member(files, 'policy.wasm');
  const data = json(member(files, 'data.json'), 'data.json');
  const manifest = json(member(files, '.manifest'), '.manifest');
  const parts = { config: configOf(config ?? data['config']), catalogue: catalogueOf(data['catalogue']) };
  return Object.freeze({
    module: compile(wasm),
    ...parts,
    revision: typeof manifest['revision'] === 'string' ? manifest['revision'] : '',
    digest: digestOf({ wasm: createHash('sha256').update(wasm).digest('hex'), ...parts }),
  });
}

function unpack(archive: Buffer): Map<string, Buffer> {
  try {
    return readTarGz(archive);
  } catch (cause) {
    throw new BundleRefused('the bundle is no gzipped archive', cause);
  }
}

function member(files: Map<string, Buffer>, name: string): Buffer {
  const bytes = files.get(name);
  if (bytes === undefined) throw new BundleRefused(`the bundle has no ${name}`);
  return bytes;
}

function json(bytes: Buffer, name: string): Record<string, unknown> {
  try {
    return membersOf(JSON.parse(bytes.toString('utf8')));
  } catch (cause) {
    throw new BundleRefused(`${name} is not JSON`, cause);
  }
}

function configOf(value: unknown): PolicyConfig {
  const parsed = policyConfig.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new BundleRefused(`the config does not fit its schema at ${parsed.error.issues[0]?.path.join('.') ?? ''}`);
}

function catalogueOf(value: unknown): Catalogue {
  const parsed = catalogue.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new BundleRefused('the bundle has no readable catalogue of rules');
}

const neededExports = ['opa_eval', 'opa_wasm_abi_version', 'builtins', 'entrypoints'];

/** `opa build` has been seen to write modules that are not valid WebAssembly: only compiling tells. */
function compile(wasm: Buffer): WebAssembly.Module {
  try {
    const module = new WebAssembly.Module(new Uint8Array(wasm));
    const foreign = WebAssembly.Module.imports(module).find((i) => i.module !== 'env' || !allowedImports.has(i.name));
    if (foreign !== undefined) throw new BundleRefused(`the module imports ${foreign.module}.${foreign.name}`);
    const names = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
    const missing = neededExports.find((name) => !names.has(name));
    if (missing !== undefined) throw new BundleRefused(`the module does not export ${missing}`);
    return module;
  } catch (cause) {
    if (cause instanceof BundleRefused) throw cause;
    throw new BundleRefused('the module is not valid WebAssembly', cause);
  }
}
