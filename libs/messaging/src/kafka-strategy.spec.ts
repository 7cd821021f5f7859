import { describe, expect, it } from '@jest/globals';
import { KafkaStrategy } from './kafka-strategy.js';
import { StartGate } from './start-gate.js';

describe('the transport strategy', () => {
  it('answers at once and says what it waits for before it hears', async () => {
    const gate = new StartGate();
    const registry = Promise.withResolvers<undefined>();
    gate.waitFor('registry', registry.promise);
    const strategy = new KafkaStrategy({ gate, hearing: undefined });
    let answered = 0;
    strategy.listen(() => (answered += 1));
    expect(answered).toBe(1);
    expect(strategy.report()).toEqual({ ok: false, detail: 'waits for registry before hearing' });
    registry.resolve(undefined);
    await gate.open();
    expect(strategy.report().ok).toBe(true);
    await strategy.close();
  });

  it('refuses handlers that are found by decorators: the list of the module is the whole truth', () => {
    const strategy = new KafkaStrategy({ gate: new StartGate(), hearing: undefined });
    strategy.addHandler('some.event', () => Promise.resolve(), true);
    const errors: unknown[] = [];
    strategy.listen((error) => errors.push(error));
    expect(String(errors[0])).toContain('some.event is handled by a decorator');
  });
});
