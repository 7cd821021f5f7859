import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { armFault, fault, faultPoints, readFaultSpec } from './fault-points.js';

const source = fileURLToPath(new URL('./fault-points.ts', import.meta.url));

/** Passes `in-transaction` three times in a process of its own, which says how far it came. */
function runArmed(spec: string): { signal: string | null; stdout: string } {
  const program = `
    const { armFault, fault } = await import(${JSON.stringify(source)});
    armFault(${JSON.stringify(spec)});
    for (const pass of [1, 2, 3]) { fault('in-transaction'); process.stdout.write(String(pass)); }`;
  const { signal, stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
  });
  return { signal, stdout };
}

describe('a named fault', () => {
  afterEach(() => {
    armFault(undefined);
  });

  it('kills the process at exactly the chosen pass, without a farewell', () => {
    expect(runArmed('in-transaction:3')).toEqual({ signal: 'SIGKILL', stdout: '12' });
  });

  it('does nothing at other points', () => {
    expect(runArmed('between-mint-and-record:1')).toEqual({ signal: null, stdout: '123' });
  });

  it('does nothing unless it is armed', () => {
    for (const point of faultPoints) fault(point);
    expect(faultPoints.length).toBeGreaterThan(0);
  });

  it('is armed only by a known point and a pass from 1', () => {
    expect(readFaultSpec('in-transaction:2')).toEqual({ point: 'in-transaction', pass: 2 });
    for (const spec of [
      'in-transaction',
      'in-transaction:0',
      'in-transaction:-1',
      'nowhere:1',
      'in-transaction:1 ',
      '',
    ]) {
      expect(readFaultSpec(spec)).toBeUndefined();
    }
  });
});
