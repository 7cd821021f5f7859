import { describe, expect, it } from '@jest/globals';
import { Fault } from '#platform';
import { AskedKeys } from './asked-keys.js';
import type { PeerAnswer } from './peers.js';

const thumbprint = 'A'.repeat(43);
const keysWhere = (answer: () => Partial<PeerAnswer>): AskedKeys =>
  new AskedKeys({
    post: async (service, path) => {
      expect([service, path]).toEqual(['credentials', '/v1/person-keys/state']);
      return Promise.resolve({ ok: true, status: 200, body: undefined, ...answer() });
    },
  });
const silent = keysWhere(() => {
  throw new Fault('peer_unavailable', { retryable: true });
});

describe('whether a key still signs', () => {
  it.each(['change', 'stop'] as const)('for a %s is what credentials says', async (use) => {
    const says = (state: string) => keysWhere(() => ({ body: { thumbprint, state } })).isLive(thumbprint, use);
    expect(await says('live')).toBe(true);
    expect(await says('ended')).toBe(false);
  });

  it.each<[string, AskedKeys]>([
    ['does not answer', silent],
    ['refuses', keysWhere(() => ({ ok: false, status: 503 }))],
    ['refuses, and says live', keysWhere(() => ({ ok: false, status: 500, body: { thumbprint, state: 'live' } }))],
    ['speaks of another key', keysWhere(() => ({ body: { thumbprint: 'B'.repeat(43), state: 'live' } }))],
    ['says something else', keysWhere(() => ({ body: { thumbprint, state: 'perhaps' } }))],
  ])('is not known where credentials %s: nothing changes, and a stop does not wait', async (_, keys) => {
    await expect(keys.isLive(thumbprint, 'change')).rejects.toMatchObject({
      code: 'peer_unavailable',
      retryable: true,
    });
    expect(await keys.isLive(thumbprint, 'stop')).toBe(true);
  });

  it('is not guessed, also for a stop, when the asking itself is broken', async () => {
    const broken = keysWhere(() => {
      throw new TypeError('bug');
    });
    await expect(broken.isLive(thumbprint, 'stop')).rejects.toThrow(TypeError);
  });
});
