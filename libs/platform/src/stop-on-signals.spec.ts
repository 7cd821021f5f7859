import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { stopOnSignals } from './stop-on-signals.js';

class FakeProcess extends EventEmitter {
  readonly exits: number[] = [];
  exit(code: number): void {
    this.exits.push(code);
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a stop signal', () => {
  it('is answered with an orderly end', async () => {
    const host = new FakeProcess();
    const stopped: string[] = [];
    stopOnSignals((signal) => Promise.resolve(void stopped.push(signal)), host);
    host.emit('SIGTERM');
    await settled();
    expect(stopped).toEqual(['SIGTERM']);
    expect(host.exits).toEqual([0]);
  });

  it('that comes a second time ends the process at once', () => {
    const host = new FakeProcess();
    stopOnSignals(() => new Promise<void>(() => undefined), host);
    host.emit('SIGTERM');
    expect(host.exits).toEqual([]);
    host.emit('SIGINT');
    expect(host.exits).toEqual([130]);
  });

  it('still ends the process when stopping fails', async () => {
    const host = new FakeProcess();
    stopOnSignals(() => Promise.reject(new Error('stuck')), host);
    host.emit('SIGINT');
    await settled();
    expect(host.exits).toEqual([1]);
  });
});
