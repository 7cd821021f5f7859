import { describe, expect, it } from '@jest/globals';
import { Fault } from '#platform';
import { anAgentSpec, aSigningKey } from '../../../test/support/gate.js';
import { CatchUp } from './catch-up.js';
import type { SignedEntry } from './read-entry.js';
import { RegistryClient, type Looked, type Wanted } from './registry-client.js';
import { RegistryCopy } from './registry-copy.js';

const key = aSigningKey();
const agent = (version: number): SignedEntry => ({
  jws: 'signed',
  entry: { kind: 'agents', id: 'a', version, changed_by: 'r', changed_at: '', spec: anAgentSpec([key.jwk]) },
});

class FakeRegistry extends RegistryClient {
  readonly asked: { kids: string[]; entries: Wanted[] }[] = [];
  readonly holders = new Map<string, SignedEntry>();
  readonly held = new Map<string, SignedEntry>();
  isDown = false;

  override lookup({ entries = [], kids = [] }: { entries?: Wanted[]; kids?: string[] }): Promise<Looked> {
    this.asked.push({ kids, entries });
    if (this.isDown) return Promise.reject(new Fault('registry_unavailable', { retryable: true }));
    return Promise.resolve({
      entries: entries.map(({ kind, id }) => this.held.get(`${kind}:${id}`) ?? null),
      kids: kids.map((kid) => this.holders.get(kid) ?? null),
    });
  }

  override current(): Promise<never> {
    throw new Error('not asked here');
  }

  override byKids(): Promise<never> {
    throw new Error('not asked here');
  }
}

function aWorld(most = 1_000) {
  const copy = new RegistryCopy();
  const registry = new FakeRegistry();
  const clock = { ms: 0, waited: [] as number[] };
  const keep = (signed: SignedEntry[]): Promise<void> => {
    copy.take(signed.map(({ entry }) => entry));
    return Promise.resolve();
  };
  const catchUp = new CatchUp(copy, registry, keep, {
    limits: { spacingMs: 100, negativeMs: 5_000, most },
    now: () => clock.ms,
    wait: (ms) => {
      clock.waited.push(ms);
      clock.ms += ms;
      return Promise.resolve();
    },
  });
  return { copy, registry, clock, catchUp };
}

const kidNo = (n: number): string => String(n).padStart(43, 'A');

describe('catching up with the registry', () => {
  it('asks once for all the unknown keys of a slice, and never for a known one', async () => {
    const { copy, registry, catchUp } = aWorld();
    copy.take([agent(1).entry]);
    await catchUp.learn({ kids: [key.jwk.kid, kidNo(1), kidNo(2), kidNo(1)] });
    expect(registry.asked).toEqual([{ kids: [kidNo(1), kidNo(2)], entries: [] }]);
  });

  it('finds an agent that was registered a moment ago', async () => {
    const { copy, registry, catchUp } = aWorld();
    registry.holders.set(key.jwk.kid, agent(1));
    await catchUp.learn({ kids: [key.jwk.kid] });
    expect(copy.agentByKid(key.jwk.kid)?.agent.id).toBe('a');
  });

  it('asks for a newer version than it holds, not for an older one', async () => {
    const { copy, registry, catchUp } = aWorld();
    copy.take([agent(3).entry]);
    await catchUp.learn({ entries: [{ kind: 'agents', id: 'a', version: 3 }] });
    expect(registry.asked).toEqual([]);
    registry.held.set('agents:a', agent(5));
    await catchUp.learn({ entries: [{ kind: 'agents', id: 'a', version: 4 }] });
    expect(copy.versionOf('agents', 'a')).toBe(5);
  });

  it('remembers for five seconds that nobody holds a key', async () => {
    const { registry, clock, catchUp } = aWorld();
    await catchUp.learn({ kids: [kidNo(1)] });
    clock.ms = 4_999;
    await catchUp.learn({ kids: [kidNo(1)] });
    expect(registry.asked).toHaveLength(1);
    clock.ms = 5_001;
    await catchUp.learn({ kids: [kidNo(1)] });
    expect(registry.asked).toHaveLength(2);
  });

  it('keeps lookups apart, so that a sender of random keys slows itself and not the registry', async () => {
    const { clock, catchUp } = aWorld();
    for (let n = 0; n < 5; n += 1) await catchUp.learn({ kids: [kidNo(n)] });
    expect(clock.waited).toEqual([100, 100, 100, 100]);
  });

  it('lets callers that come meanwhile share one lookup', async () => {
    const { registry, catchUp } = aWorld();
    await Promise.all([kidNo(1), kidNo(2), kidNo(3)].map((kid) => catchUp.learn({ kids: [kid] })));
    expect(registry.asked.map(({ kids }) => kids.length)).toEqual([3]);
  });

  it('does not let random keys fill the memory', async () => {
    const { registry, clock, catchUp } = aWorld(10);
    for (let n = 0; n < 30; n += 1) await catchUp.learn({ kids: [kidNo(n)] });
    clock.ms += 1;
    registry.asked.length = 0;
    await catchUp.learn({ kids: [kidNo(0), kidNo(29)] });
    expect(registry.asked).toEqual([{ kids: [kidNo(0)], entries: [] }]);
  });

  it('never takes no answer for "no such key"', async () => {
    const { copy, registry, catchUp } = aWorld();
    registry.isDown = true;
    await expect(catchUp.learn({ kids: [key.jwk.kid] })).rejects.toMatchObject({ code: 'registry_unavailable' });
    registry.isDown = false;
    registry.holders.set(key.jwk.kid, agent(1));
    await catchUp.learn({ kids: [key.jwk.kid] });
    expect(copy.agentByKid(key.jwk.kid)).toBeDefined();
  });

  it('does not ask for names that nobody can be registered under: one would spoil the whole lookup', async () => {
    const { registry, catchUp } = aWorld();
    await catchUp.learn({
      kids: ['', 'x', '€'.repeat(43), kidNo(1)],
      entries: [
        { kind: 'action-types', id: 'drop table;', version: 1 },
        { kind: 'action-types', id: 'a:b', version: 1 },
      ],
    });
    expect(registry.asked).toEqual([{ kids: [kidNo(1)], entries: [] }]);
  });
});
