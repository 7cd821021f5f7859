import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Log, Readiness, Shutdown } from '#platform';
import { Keyring, Trust, type FileState } from '#trust';

const lookEveryMs = 1_000;

/**
 * Takes up changed key files also while nothing is signed or verified, and says so: in the log once for each change, in `/readyz` as
 * long as it is so. A file that is refused does not make the service unready, for the keys before it are in force.
 */
@Injectable()
export class KeyFilesWatch implements OnModuleInit {
  private readonly told = new Map<string, FileState>();

  constructor(
    private readonly trust: Trust,
    private readonly keyring: Keyring,
    private readonly log: Log,
    private readonly readiness: Readiness,
    private readonly shutdown: Shutdown,
  ) {}

  onModuleInit(): void {
    for (const state of this.states()) this.told.set(state.path, state);
    const watch = setInterval(() => {
      this.look();
    }, lookEveryMs);
    watch.unref();
    this.shutdown.at('disconnect', 'key files', () => {
      clearInterval(watch);
    });
    this.readiness.register('keys', () => Promise.resolve({ ok: true, detail: this.describe() }));
  }

  private look(): void {
    for (const state of this.states()) {
      const before = this.told.get(state.path);
      this.told.set(state.path, state);
      if (state.edition !== before?.edition) this.log.info('keys.taken_up', { file: state.path });
      if (state.refused !== undefined && state.refused !== before?.refused)
        this.log.error('keys.refused', { file: state.path, reason: state.refused });
    }
  }

  private describe(): string {
    const refused = this.states().flatMap((state) => state.refused ?? []);
    const { pinned, retired } = this.trust.counts();
    const signing = this.keyring.signing().map(([purpose, kid]) => `${purpose} ${kid.slice(0, 8)}`);
    const inForce = `signs with ${signing.join(', ')}; ${String(pinned)} pinned, ${String(retired)} of them retired`;
    return refused.length === 0 ? inForce : `${inForce}; what stands there now is refused: ${refused.join('; ')}`;
  }

  private states(): FileState[] {
    return [this.trust.look(), this.keyring.look()].filter((state) => state !== undefined);
  }
}
