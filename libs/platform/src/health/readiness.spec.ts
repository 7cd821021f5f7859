import { describe, expect, it } from '@jest/globals';
import { Readiness } from './readiness.js';

const fine = { ok: true, detail: 'connected' };

describe('readiness', () => {
  it('is given when every part is, and names the one that is not', async () => {
    const readiness = new Readiness();
    readiness.register('database', () => Promise.resolve(fine));
    expect(await readiness.report()).toEqual({ ready: true, parts: { database: fine } });
    readiness.register('kafka', () => Promise.resolve({ ok: false, detail: 'no broker answers' }));
    expect(await readiness.report()).toEqual({
      ready: false,
      parts: { database: fine, kafka: { ok: false, detail: 'no broker answers' } },
    });
  });

  it('is not given when a check throws, and its words do not come out', async () => {
    const readiness = new Readiness();
    readiness.register('database', () => Promise.reject(new Error('postgres://u:pw@h')));
    const report = await readiness.report();
    expect(report.ready).toBe(false);
    expect(JSON.stringify(report)).not.toContain('pw');
  });

  it('is not given when a check does not answer', async () => {
    const readiness = new Readiness(10);
    readiness.register('kafka', () => new Promise(() => undefined));
    expect((await readiness.report()).parts['kafka']).toEqual({ ok: false, detail: 'no answer within 10 ms' });
  });

  it('ends with the shutdown, whatever the parts say', async () => {
    const readiness = new Readiness();
    readiness.register('database', () => Promise.resolve(fine));
    readiness.stop();
    expect((await readiness.report()).ready).toBe(false);
  });

  it('takes one check per name', () => {
    const readiness = new Readiness();
    readiness.register('database', () => Promise.resolve(fine));
    expect(() => readiness.register('database', () => Promise.resolve(fine))).toThrow('twice');
  });
});
