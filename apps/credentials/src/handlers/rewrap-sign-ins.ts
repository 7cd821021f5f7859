import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Readiness } from '#platform';
import { Envelope, KekUnknown, Keyring } from '#trust';
import { SealedSignInStore, type NewKey, type OldSignIn } from '../io/sealed-sign-in.store.js';
import { EndingLife } from './ending-life.js';

const lookEveryMs = 5_000;
/** What nobody can open is not tried all the time. */
const lookAgainMs = 60_000;
const batch = 100;

/** What is left under which KEK after a round: what an operator must know before a key is destroyed, and after. */
export interface Wrapped {
  current: string;
  /** An empty name: sealed before there were data keys. */
  elsewhere: ReadonlyMap<string, number>;
}

/**
 * Wraps anew what another KEK than the present one has wrapped, a batch at a time: the sealed text stays as it is. A KEK that nobody has any
 * more holds up nothing else; its rows are counted, in `/readyz` and in the log.
 */
@Injectable()
export class RewrapSignIns implements OnApplicationBootstrap {
  private detail = 'not looked at yet';

  constructor(
    private readonly rows: SealedSignInStore,
    private readonly envelope: Envelope,
    private readonly keyring: Keyring,
    private readonly life: EndingLife,
    private readonly readiness: Readiness,
  ) {}

  onApplicationBootstrap(): void {
    this.readiness.register('sealed', () => Promise.resolve({ ok: true, detail: this.detail }));
    const loop = this.run();
    this.life.shutdown.at('timers', 'sealed', () => loop);
  }

  private async run(): Promise<void> {
    const { signal } = this.life.shutdown;
    let isStopped = false;
    while (!isStopped) {
      const isDone = await this.quietly();
      isStopped = await pause(isDone ? lookEveryMs : lookAgainMs, false, { signal }).catch(() => true);
    }
  }

  /** False when something could not be opened. */
  private async quietly(): Promise<boolean> {
    try {
      const wrapped = await this.all();
      this.tell(wrapped);
      return wrapped.elsewhere.size === 0;
    } catch (error) {
      this.life.log.warn('sealed.waits', { error });
      return true;
    }
  }

  /** One round over everything. */
  async all(): Promise<Wrapped> {
    const current = await this.envelope.current();
    let after = '';
    for (;;) {
      const old = await this.rows.notUnder(current, { after, limit: batch });
      const last = old.at(-1);
      if (last === undefined) return { current, elsewhere: await this.rows.countElsewhere(current) };
      const fresh = await Promise.all(old.map((row) => this.wrap(row)));
      await this.rows.wrap(fresh.filter((row) => row !== undefined));
      after = last.thumbprint;
    }
  }

  /** Undefined when nothing here opens it. */
  private async wrap({ thumbprint, sealed, key }: OldSignIn): Promise<NewKey | undefined> {
    try {
      if (key !== undefined) return { thumbprint, before: key.kek, key: await this.envelope.rewrap(key) };
      const text = this.keyring.unseal(sealed, thumbprint);
      if (text === undefined) return undefined;
      return { thumbprint, before: undefined, ...(await this.envelope.seal(text, thumbprint)) };
    } catch (error) {
      if (error instanceof KekUnknown) return undefined;
      throw error;
    }
  }

  private tell({ current, elsewhere }: Wrapped): void {
    const left = [...elsewhere].map(([kek, count]) => `${String(count)} under ${kek === '' ? 'no data key' : kek}`);
    const before = this.detail;
    this.detail = `sign-ins are sealed under ${current}${left.length === 0 ? '' : `; kek_unknown: ${left.join(', ')}`}`;
    if (this.detail !== before && left.length > 0)
      this.life.log.error('sealed.kek_unknown', { code: 'kek_unknown', detail: this.detail });
  }
}
