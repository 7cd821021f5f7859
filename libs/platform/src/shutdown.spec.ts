import { describe, expect, it } from '@jest/globals';
import { Log } from './log/log.js';
import { Shutdown, shutdownPhases } from './shutdown.js';

function fresh(): { shutdown: Shutdown; lines: string[] } {
  const lines: string[] = [];
  return { shutdown: new Shutdown(new Log('audit', 'info', { write: (line: string) => lines.push(line) })), lines };
}

const afterTurns = (turns: number): Promise<void> =>
  turns === 0 ? Promise.resolve() : new Promise((resolve) => setImmediate(() => resolve(afterTurns(turns - 1))));

describe('shutdown', () => {
  it('runs its phases in order, each after the one before has ended', async () => {
    const { shutdown } = fresh();
    const seen: string[] = [];
    // Registered the wrong way round, the early ones slow: neither may matter.
    [...shutdownPhases].reverse().forEach((phase, index) => {
      shutdown.at(phase, phase, async () => {
        await afterTurns(index * 3);
        seen.push(phase);
      });
    });
    await shutdown.run('test');
    expect(seen).toEqual([...shutdownPhases]);
  });

  it('leaves a step behind that fails or does not end in time', async () => {
    const { shutdown, lines } = fresh();
    const seen: string[] = [];
    shutdown.at('consumers', 'stuck', () => new Promise<void>(() => undefined), 10);
    shutdown.at('consumers', 'broken', () => {
      throw new TypeError('bug');
    });
    shutdown.at('database', 'pool', () => void seen.push('closed'));
    await shutdown.run('test');
    expect(seen).toEqual(['closed']);
    expect(lines.join('')).toContain('shutdown.step_late');
    expect(lines.join('')).toContain('shutdown.step_failed');
  });

  it('happens once, and wakes long waits at its beginning', async () => {
    const { shutdown } = fresh();
    const seen: string[] = [];
    shutdown.signal.addEventListener('abort', () => seen.push('woken'));
    shutdown.at('unready', 'count', () => void seen.push('ran'));
    await Promise.all([shutdown.run('one'), shutdown.run('two')]);
    expect(seen).toEqual(['woken', 'ran']);
  });
});
