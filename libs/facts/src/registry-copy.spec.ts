import { describe, expect, it } from '@jest/globals';
import { aPersonSpec, anAgentSpec, aSigningKey } from '../../../test/support/gate.js';
import { isGone, RegistryCopy, type CopyEntry } from './registry-copy.js';

const key = aSigningKey();
const other = aSigningKey();
const stamp = { changed_by: 'rita', changed_at: '2026-11-24T10:00:00.000Z' };

const agent = (id: string, version: number, keys = [key.jwk]): CopyEntry => ({
  kind: 'agents',
  id,
  version,
  ...stamp,
  spec: anAgentSpec(keys),
});
const person = (id: string, version: number, sub = id): CopyEntry => ({
  kind: 'people',
  id,
  version,
  ...stamp,
  spec: aPersonSpec(sub),
});

describe('the copy of the registry', () => {
  it('holds the newest version and ignores older ones, whatever order they come in', () => {
    const copy = new RegistryCopy();
    copy.take([agent('a', 2)]);
    expect(copy.take([agent('a', 1), agent('a', 2)])).toEqual([]);
    expect(copy.get('agents', 'a')?.version).toBe(2);
    expect(copy.take([agent('a', 3), agent('a', 4), agent('a', 3)]).map(({ version }) => version)).toEqual([4]);
    expect(copy.versionOf('agents', 'a')).toBe(4);
  });

  it('forgets a deleted entry and its key, and no older entry brings either back', () => {
    const copy = new RegistryCopy();
    copy.take([agent('a', 1)]);
    copy.take([{ kind: 'agents', id: 'a', version: 2, deleted: true }]);
    copy.take([agent('a', 1)]);
    expect(copy.get('agents', 'a')).toBeUndefined();
    expect(copy.agentByKid(key.jwk.kid)).toBeUndefined();
    expect(copy.versionOf('agents', 'a')).toBe(2);
  });

  it('knows no key that a newer entry left out', () => {
    const copy = new RegistryCopy();
    copy.take([agent('a', 1, [key.jwk])]);
    copy.take([agent('a', 2, [other.jwk])]);
    expect(copy.agentByKid(key.jwk.kid)).toBeUndefined();
    expect(copy.agentByKid(other.jwk.kid)?.agent.version).toBe(2);
    copy.take([agent('a', 1, [key.jwk])]);
    expect(copy.agentByKid(key.jwk.kid)).toBeUndefined();
  });

  it('keeps a key that moved to another agent when the news of the first one comes late', () => {
    const copy = new RegistryCopy();
    copy.take([agent('a', 1, [key.jwk])]);
    copy.take([agent('b', 1, [key.jwk])]);
    copy.take([agent('a', 2, [other.jwk])]);
    expect(copy.agentByKid(key.jwk.kid)?.agent.id).toBe('b');
  });

  it('finds a person by issuer and subject together', () => {
    const copy = new RegistryCopy();
    copy.take([person('p', 1, 'u-17')]);
    expect(copy.personByIdentity('https://idp.example', 'u-17')?.id).toBe('p');
    expect(copy.personByIdentity('https://other.example', 'u-17')).toBeUndefined();
    const identities = ['u-19', 'u-20'].map((sub) => ({ iss: 'https://idp.example', sub }));
    copy.take([{ ...person('q', 1), spec: { ...aPersonSpec('q'), identities } } as CopyEntry]);
    expect(identities.map(({ iss, sub }) => copy.personByIdentity(iss, sub)?.id)).toEqual(['q', 'q']);
    copy.take([person('p', 2, 'u-18')]);
    expect(copy.personByIdentity('https://idp.example', 'u-17')).toBeUndefined();
  });

  it('tells listeners of each newer version once, after it can be read', () => {
    const copy = new RegistryCopy();
    const seen: string[] = [];
    copy.onChange((entry) => {
      const held = copy.get('agents', entry.id)?.version ?? 0;
      seen.push(`${entry.id}@${String(entry.version)} ${isGone(entry) ? 'gone' : String(held)}`);
    });
    copy.take([agent('a', 1), agent('b', 1)]);
    copy.take([agent('a', 1)]);
    copy.take([{ kind: 'agents', id: 'a', version: 2, deleted: true }]);
    expect(seen).toEqual(['a@1 1', 'b@1 1', 'a@2 gone']);
  });

  it('is ready only once it was told so', async () => {
    const copy = new RegistryCopy();
    expect(copy.isReady).toBe(false);
    copy.markReady();
    await copy.ready;
    expect(copy.isReady).toBe(true);
  });
});
