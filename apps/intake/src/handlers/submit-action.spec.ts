import { describe, expect, it } from '@jest/globals';
import type { Tx } from '#database';
import { RegistryCopy } from '#facts';
import type { Ask } from '../core/ask.js';
import type { Checked, Freezing } from './freeze-actions.js';
import { SubmitAction } from './submit-action.js';

const ask: Ask = {
  bytes: Buffer.from('{}'),
  signature: 's',
  appendedAt: undefined,
  carriage: 'good',
  traceparent: undefined,
};
const unproven: Checked = { ask, code: 'key_unknown', sha256: 'sha256:x' };
const tx: Tx = { query: () => Promise.resolve([]), afterCommit: () => undefined };

/** Proves nobody, and remembers what it was asked to keep. */
class FakeFreezing {
  transactions = 0;
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    this.transactions += 1;
    return work(tx);
  }

  prove(): Promise<Checked[]> {
    return Promise.resolve([unproven]);
  }

  handle(): Promise<Freezing[]> {
    return Promise.resolve([]);
  }
}

describe('the HTTP door', () => {
  it('is shut until the registry was read: an action type that is not known yet must not end a request', async () => {
    const world = new FakeFreezing();
    const submit = new SubmitAction(world, world, new RegistryCopy());
    await expect(submit.handle(ask, 'aud')).rejects.toMatchObject({ problem: { code: 'dependency_unavailable' } });
    expect(world.transactions).toBe(0);
  });

  it('opens no transaction for what nobody signed', async () => {
    const world = new FakeFreezing();
    const copy = new RegistryCopy();
    copy.markReady();
    await expect(new SubmitAction(world, world, copy).handle(ask, 'aud')).rejects.toMatchObject({
      problem: { code: 'key_unknown' },
    });
    expect(world.transactions).toBe(0);
  });
});
