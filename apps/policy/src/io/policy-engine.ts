import * as sdk from '@open-policy-agent/opa-wasm';
import { policyDecision, policyInput, type PolicyDecision, type PolicyInput } from '#contracts';
import { memberOf, membersOf } from '../core/member.js';
import { BundleRefused, type Bundle } from './bundle.js';

type LoadedPolicy = sdk.LoadedPolicy;
/** The SDK's types promise a named export that its ES module has only inside the default one. */
const { loadPolicySync } = Reflect.get(sdk, 'default') as typeof sdk;

const entrypoint = 'sallyport/main/decision';
/** Pages of 64 KiB. Steady state is 5; 512 is what an oversized input can take before it is an engine error. */
const memory = { initial: 5, maximum: 512 };

export type Evaluated =
  | { ok: true; decision: PolicyDecision }
  | { ok: false; why: 'input_invalid' | 'engine_threw' | 'undefined_decision' | 'decision_invalid'; detail: string };

export interface EngineCounts {
  evaluations: number;
  failures: number;
  /** Instances replaced, after a throw or because their memory had grown. */
  recycled: number;
}

/**
 * The rules of one bundle, in process. Synchronous: one evaluation at a time, no locks.
 *
 * Each throw out of `evaluate` leaks WebAssembly stack until the instance is dead for good inputs too, so an instance that
 * threw is never used again. An evaluation is tried once more on a fresh one; after that it is an answer, never an exception.
 */
export class PolicyEngine {
  readonly counts: EngineCounts = { evaluations: 0, failures: 0, recycled: 0 };
  private instance: LoadedPolicy;
  private readonly memoryLimit: number;

  constructor(readonly bundle: Bundle) {
    this.instance = this.fresh();
    this.memoryLimit = this.instance.mem.buffer.byteLength * 4;
  }

  /** Judges a checked input; an input or a decision that does not fit its schema is no decision. */
  evaluate(input: PolicyInput): Evaluated {
    const checked = policyInput.safeParse(input);
    if (!checked.success) return this.failed('input_invalid', checked.error.issues[0]?.path.join('.') ?? '');
    return this.evaluateUnchecked(input);
  }

  /** For golden cases, which also hold inputs that no schema lets through. The service calls `evaluate`. */
  evaluateUnchecked(input: unknown): Evaluated {
    this.counts.evaluations += 1;
    const results = this.run(input) ?? this.run(input);
    if (results === undefined) return this.failed('engine_threw', 'twice');
    const first: unknown = Array.isArray(results) && results.length === 1 ? memberOf(results[0], 'result') : undefined;
    if (first === undefined) return this.failed('undefined_decision', '');
    const decision = policyDecision.safeParse(first);
    if (decision.success) return { ok: true, decision: decision.data };
    return this.failed('decision_invalid', decision.error.issues[0]?.path.join('.') ?? '');
  }

  private run(input: unknown): unknown {
    try {
      const results: unknown = this.instance.evaluate(input, entrypoint);
      if (this.instance.mem.buffer.byteLength > this.memoryLimit) this.recycle();
      return results;
    } catch {
      // The SDK throws strings and plain objects too, and what it throws may quote the input.
      this.recycle();
      return undefined;
    }
  }

  private recycle(): void {
    this.counts.recycled += 1;
    this.instance = this.fresh();
  }

  private failed(why: Extract<Evaluated, { ok: false }>['why'], detail: string): Evaluated {
    this.counts.failures += 1;
    return { ok: false, why, detail };
  }

  private fresh(): LoadedPolicy {
    const instance = instantiate(this.bundle.module);
    // Only `config`: a foreign root in base data would add findings to the rules.
    instance.setData({ config: this.bundle.config });
    return instance;
  }
}

function instantiate(module: WebAssembly.Module): LoadedPolicy {
  let instance: LoadedPolicy;
  try {
    instance = loadPolicySync(module, memory, {});
  } catch (cause) {
    throw new BundleRefused('the module cannot be instantiated', cause);
  }
  if (!Object.hasOwn(membersOf(instance.entrypoints), entrypoint))
    throw new BundleRefused(`no entry point ${entrypoint}`);
  const foreign = hostBuiltIns(instance);
  if (foreign.length > 0) throw new BundleRefused(`the rules need ${foreign.join(', ')} of the host`);
  return instance;
}

/** What the rules would call outside of the module. The SDK has some of it, and it differs from OPA's or throws at an agent's whim. */
function hostBuiltIns({ wasmInstance, mem }: LoadedPolicy): string[] {
  const { builtins, opa_json_dump: dump } = (wasmInstance as WebAssembly.Instance).exports;
  const at = builtins === undefined || dump === undefined ? 0 : dump(builtins());
  const bytes = Buffer.from(mem.buffer);
  return Object.keys(membersOf(JSON.parse(bytes.toString('utf8', at, bytes.indexOf(0, at)))));
}

/**
 * Refuses a bundle that does not answer: nothing must be a deny by default, and each answer must fit the contract.
 * @throws BundleRefused
 */
export function proven(bundle: Bundle): PolicyEngine {
  const engine = new PolicyEngine(bundle);
  for (const nothing of [
    {},
    { contract: 'sallyport.input/1', action: {}, claims: {}, subject: {}, resource: {}, context: {} },
  ]) {
    const answer = engine.evaluateUnchecked(nothing);
    if (!answer.ok) throw new BundleRefused(`a trial evaluation failed: ${answer.why} ${answer.detail}`);
    if (answer.decision.decision !== 'deny') throw new BundleRefused('an empty input is not denied');
  }
  return engine;
}
