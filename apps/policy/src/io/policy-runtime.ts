import { readFileSync, statSync } from 'node:fs';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Log, Readiness, Shutdown } from '#platform';
import { BundleRefused, openBundle } from './bundle.js';
import { proven, type PolicyEngine } from './policy-engine.js';

/** Where the rules are; the config file, when named, stands in for the config inside the bundle. */
export class PolicyFiles {
  constructor(
    readonly bundle: string,
    readonly config: string | undefined,
  ) {}
}

const lookEveryMs = 1_000;

/**
 * The rules in force. A changed file is taken up without a restart: the new rules are built and tried beside the old ones, then one
 * reference changes. A file that is refused changes nothing; the log and `/readyz` say why.
 */
@Injectable()
export class PolicyRuntime implements OnModuleInit {
  private current: PolicyEngine | undefined;
  private seen = '';
  private refusal: string | undefined;

  constructor(
    private readonly files: PolicyFiles,
    private readonly log: Log,
    private readonly readiness: Readiness,
    private readonly shutdown: Shutdown,
  ) {}

  /** Throws BundleRefused: a process without rules must not start. */
  onModuleInit(): void {
    this.seen = this.look();
    this.take(this.read());
    const watch = setInterval(() => {
      this.refresh();
    }, lookEveryMs);
    watch.unref();
    this.shutdown.at('consumers', 'rules', () => {
      clearInterval(watch);
    });
    this.readiness.register('rules', () => Promise.resolve({ ok: true, detail: this.describe() }));
  }

  /** Each slice takes the reference once, so that no slice is judged by two revisions. */
  get engine(): PolicyEngine {
    if (this.current === undefined) throw new TypeError('the rules are not loaded yet');
    return this.current;
  }

  /** Looks at the files now, and takes up what has changed. */
  refresh(): void {
    const looks = this.look();
    if (looks === this.seen) return;
    this.seen = looks;
    try {
      this.take(this.read());
      this.refusal = undefined;
    } catch (error) {
      this.refusal = error instanceof BundleRefused ? error.message : 'the files cannot be read';
      this.log.error('policy.rules_refused', { reason: this.refusal, error });
    }
  }

  private take(engine: PolicyEngine): void {
    this.current = engine;
    this.log.info('policy.rules_active', { bundle_digest: engine.bundle.digest, version: engine.bundle.revision });
  }

  private read(): PolicyEngine {
    const { bundle, config } = this.files;
    return proven(openBundle(readBytes(bundle), config === undefined ? undefined : readConfig(config)));
  }

  /** What the files look like from outside. */
  private look(): string {
    const { bundle, config } = this.files;
    return [bundle, config].map((file) => (file === undefined ? '' : appearance(file))).join(' ');
  }

  private describe(): string {
    const active = `deciding by ${this.engine.bundle.digest}`;
    return this.refusal === undefined ? active : `${active}; a newer file is refused: ${this.refusal}`;
  }
}

function appearance(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? 'absent' : `${String(stat.mtimeMs)}/${String(stat.size)}/${String(stat.ino)}`;
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new BundleRefused(`${file} cannot be read`, cause);
  }
}

function readConfig(file: string): unknown {
  const text = readBytes(file).toString('utf8');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BundleRefused(`${file} is not JSON`, cause);
  }
}
