import { setTimeout as wait } from 'node:timers/promises';
import { topics } from '#contracts';
import { Database, DatabaseClock } from '#database';
import { CompactedTopics, StartGate } from '#messaging';
import { CommonSettings, Log, Readiness, Shutdown } from '#platform';
import { Keyring, signServiceToken, Trust } from '#trust';
import {
  Injectable,
  Module,
  type DynamicModule,
  type FactoryProvider,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { CatchUp, catchUpLimits } from './catch-up.js';
import { HttpRegistryClient } from './http-registry-client.js';
import { RegistryClient } from './registry-client.js';
import { RegistryCopy } from './registry-copy.js';
import { RegistryCopyStore } from './registry-copy.store.js';
import { RegistryFeed } from './registry-feed.js';

/** A caller would rather hear "not now" than wait: votes and redeems answer 503 after this. */
const lookupTimeoutMs = 2_000;

const copyStore: FactoryProvider<RegistryCopyStore> = {
  provide: RegistryCopyStore,
  inject: [Database],
  useFactory: (database: Database) => new RegistryCopyStore(database),
};

const client: FactoryProvider<RegistryClient> = {
  provide: RegistryClient,
  inject: [CommonSettings, Trust, Keyring, RegistryCopy, DatabaseClock],
  useFactory: (...[{ SALLYPORT_REGISTRY_URL: registryUrl }, trust, keyring, copy, clock]: ClientArguments) =>
    new HttpRegistryClient({
      registryUrl,
      timeoutMs: lookupTimeoutMs,
      trust,
      newestSeen: (kind, id) => copy.versionOf(kind, id),
      token: async () => signServiceToken(keyring, { aud: registryUrl, now: await clock.now() }),
    }),
};

type ClientArguments = [CommonSettings, Trust, Keyring, RegistryCopy, DatabaseClock];

const feed: FactoryProvider<RegistryFeed> = {
  provide: RegistryFeed,
  inject: [Trust, Database, RegistryCopyStore, RegistryCopy, RegistryClient, Log],
  useFactory: (...[trust, database, store, copy, registry, log]: FeedArguments) =>
    new RegistryFeed({ trust, transactions: database, store, copy, client: registry, log }),
};

type FeedArguments = [Trust, Database, RegistryCopyStore, RegistryCopy, RegistryClient, Log];

const catchUp: FactoryProvider<CatchUp> = {
  provide: CatchUp,
  inject: [RegistryCopy, RegistryClient, RegistryFeed],
  useFactory: (copy: RegistryCopy, registry: RegistryClient, keeper: RegistryFeed) =>
    new CatchUp(copy, registry, (entries) => keeper.keep(entries), {
      limits: catchUpLimits,
      now: () => performance.now(),
      wait: (ms) => wait(ms),
    }),
};

/** What must stay shut until the copy is complete. */
@Injectable()
class StartGates {
  constructor(
    readonly start: StartGate,
    readonly readiness: Readiness,
  ) {}
}

/**
 * Global: `RegistryCopy` (hot path), `RegistryClient` ("now") and `CatchUp` (unknown key, newer version). Needs the
 * table of `registryCopyMigrations`, and `Trust` and `Keyring` as providers. Events are heard only after the registry
 * topic was read to its end.
 */
@Module({})
export class FactsModule implements OnApplicationBootstrap {
  constructor(
    private readonly feed: RegistryFeed,
    private readonly copy: RegistryCopy,
    private readonly compacted: CompactedTopics,
    private readonly shutdown: Shutdown,
    gates: StartGates,
  ) {
    gates.start.waitFor('registry', copy.ready);
    gates.readiness.register('registry', () => {
      const detail = copy.isReady ? 'read to its end' : 'the registry topic is being read';
      return Promise.resolve({ ok: copy.isReady, detail });
    });
  }

  static forService(): DynamicModule {
    return {
      module: FactsModule,
      global: true,
      providers: [RegistryCopy, StartGates, copyStore, client, feed, catchUp],
      exports: [RegistryCopy, RegistryClient, CatchUp],
    };
  }

  /** Does not wait: the process answers `/readyz` meanwhile. */
  onApplicationBootstrap(): void {
    void this.#follow().catch(() => undefined);
  }

  async #follow(): Promise<void> {
    const { signal } = this.shutdown;
    await this.feed.load(signal);
    const reading = this.compacted.readCompacted(topics.registry, {
      onRecords: (records) => this.feed.take(records, signal),
      signal,
    });
    await reading.caughtUp;
    this.copy.markReady();
  }
}
