import { afterAll, describe, expect, it } from '@jest/globals';
import type { RegistryKind } from '#contracts';
import type { Tx } from '#database';
import type { RawRecord } from '#messaging';
import { Fault, Log } from '#platform';
import {
  aGate,
  anAgentSpec,
  aSigningKey,
  signEntry,
  type EntryToSign,
  type TestGate,
} from '../../../test/support/gate.js';
import { readEntry } from './read-entry.js';
import { RegistryClient, type Looked, type Wanted } from './registry-client.js';
import { RegistryCopy } from './registry-copy.js';
import type { CopyRow } from './registry-copy.store.js';
import { RegistryFeed } from './registry-feed.js';

const gate = aGate();
const forger = aGate(gate.id);
const key = aSigningKey();
const newKey = aSigningKey();
afterAll(() => {
  gate.remove();
  forger.remove();
});

/** The table, and a registry that answers. */
class FakeWorld extends RegistryClient {
  readonly rows = new Map<string, CopyRow>();
  readonly registry = new Map<string, string>();
  readonly asked: Wanted[] = [];
  failNext = 0;

  override lookup({ entries = [] }: { entries?: Wanted[] }): Promise<Looked> {
    if (this.failNext > 0) {
      this.failNext -= 1;
      return Promise.reject(new Fault('registry_unavailable', { retryable: true }));
    }
    this.asked.push(...entries);
    const found = entries.map(({ kind, id }) => {
      const jws = this.registry.get(`${kind}:${id}`);
      const read = jws === undefined ? undefined : readEntry(jws, gate.trust);
      return read?.kind === 'read' ? read.signed : null;
    });
    return Promise.resolve({ entries: found, kids: [] });
  }

  override current(): Promise<never> {
    throw new Error('not asked here');
  }

  override byKids(): Promise<never> {
    throw new Error('not asked here');
  }

  load(): Promise<CopyRow[]> {
    return Promise.resolve([...this.rows.values()]);
  }

  keep(_tx: Tx, rows: readonly CopyRow[]): Promise<void> {
    for (const row of rows) {
      const name = `${row.kind}:${row.id}`;
      if ((this.rows.get(name)?.version ?? 0) < row.version) this.rows.set(name, row);
    }
    return Promise.resolve();
  }
}

const noTx: Tx = { query: () => Promise.resolve([]), afterCommit: () => undefined };
const quiet = new Log('spec', 'error');

/** A process that starts over the table of `world`. */
async function aProcess(world: FakeWorld): Promise<{ copy: RegistryCopy; feed: RegistryFeed }> {
  const copy = new RegistryCopy();
  const feed = new RegistryFeed({
    trust: gate.trust,
    store: world,
    transactions: { transaction: (work) => work(noTx) },
    copy,
    client: world,
    log: quiet,
  });
  await feed.load();
  return { copy, feed };
}

function record<K extends RegistryKind>(
  signer: TestGate,
  entry: EntryToSign<K>,
  key_ = `${entry.kind}:${entry.id}`,
): RawRecord {
  const { kind, id, version = 1 } = entry;
  const data = { kind, id, version, entry: signEntry(signer, entry) };
  return rawRecord(key_, JSON.stringify(data));
}

const rawRecord = (key_: string, value: string | null): RawRecord => ({
  topic: 'sallyport.registry.v1',
  partition: 0,
  offset: '7',
  key: Buffer.from(key_),
  value: value === null ? null : Buffer.from(value),
  headers: {},
  timestamp: 0,
});
const agent = (version: number, keys = [key.jwk]) => ({
  kind: 'agents' as const,
  id: 'a',
  version,
  spec: anAgentSpec(keys),
});

describe('feeding the copy from the topic', () => {
  it('takes signed entries, and an old signed entry revives no key, also after a restart', async () => {
    const world = new FakeWorld();
    const first = await aProcess(world);
    await first.feed.take([record(gate, agent(1)), record(gate, agent(2, [newKey.jwk]))]);
    await first.feed.take([record(gate, agent(1))]);
    expect(first.copy.agentByKid(key.jwk.kid)).toBeUndefined();
    // The topic was rewritten from its start: all that it holds now is the old signed entry.
    const second = await aProcess(world);
    await second.feed.take([record(gate, agent(1))]);
    expect(second.copy.agentByKid(key.jwk.kid)).toBeUndefined();
    expect(second.copy.agentByKid(newKey.jwk.kid)?.agent.version).toBe(2);
  });

  it('believes the registry itself where the topic holds a forgery', async () => {
    const world = new FakeWorld();
    const { copy, feed } = await aProcess(world);
    world.registry.set('agents:a', signEntry(gate, agent(1)));
    await feed.take([record(forger, agent(9, [newKey.jwk]))]);
    expect(copy.agentByKid(newKey.jwk.kid)).toBeUndefined();
    expect(copy.get('agents', 'a')?.version).toBe(1);
  });

  it('takes nothing from a forgery about an entry that the registry does not have', async () => {
    const { copy, feed } = await aProcess(new FakeWorld());
    await feed.take([record(forger, agent(1)), rawRecord('agents:b', 'no json'), rawRecord('???', '{}')]);
    expect(copy.all('agents')).toEqual([]);
  });

  it('waits for the registry rather than skip what it cannot read', async () => {
    const world = new FakeWorld();
    const { copy, feed } = await aProcess(world);
    world.registry.set('agents:a', signEntry(gate, agent(2)));
    world.failNext = 2;
    await feed.take([rawRecord('agents:a', '{"shape":"of tomorrow"}')]);
    expect(copy.get('agents', 'a')?.version).toBe(2);
  });

  it('takes a tombstone for nothing: a deletion is a signed version', async () => {
    const world = new FakeWorld();
    const { copy, feed } = await aProcess(world);
    await feed.take([record(gate, agent(1)), rawRecord('agents:a', null)]);
    expect(copy.get('agents', 'a')).toBeDefined();
    await feed.take([record(gate, { kind: 'agents', id: 'a', version: 2 })]);
    expect(copy.get('agents', 'a')).toBeUndefined();
  });

  it('trusts what an entry says it is about, not the key it was sent under', async () => {
    const { copy, feed } = await aProcess(new FakeWorld());
    await feed.take([record(gate, agent(1), 'agents:b')]);
    expect(copy.get('agents', 'b')).toBeUndefined();
    expect(copy.get('agents', 'a')).toBeDefined();
  });

  it('bars older versions of a row of its own table that no longer verifies, and takes the same version anew', async () => {
    const world = new FakeWorld();
    world.rows.set('agents:a', { kind: 'agents', id: 'a', version: 3, entry: signEntry(forger, agent(3)) });
    const { copy, feed } = await aProcess(world);
    await feed.take([record(gate, agent(2))]);
    expect(copy.get('agents', 'a')).toBeUndefined();
    await feed.take([record(gate, agent(3))]);
    expect(copy.get('agents', 'a')?.version).toBe(3);
  });
});
