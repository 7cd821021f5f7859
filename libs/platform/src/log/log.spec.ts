import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Fault } from '../fault.js';
import { logFields, type LogFields } from './log-fields.js';
import { Log } from './log.js';
import { NestLog } from './nest-log.js';

function capture(): { log: Log; text: () => string; last: () => Record<string, unknown> } {
  const lines: string[] = [];
  const log = new Log('policy', 'debug', { write: (line: string) => lines.push(line) });
  return { log, text: () => lines.join(''), last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> };
}

/** Fields as untyped code could pass them. */
const fields = (value: Record<string, unknown>): LogFields => value;

const canary = 'c4nary-hunter2';

describe('a log line', () => {
  it('carries its event, the service and the listed fields', () => {
    const { log, last } = capture();
    log.info('lease.offered', { lease_id: 'l-1', ms: 3, ready: true, topics: ['a', 'b'] });
    expect(last()).toMatchObject({
      event: 'lease.offered',
      service: 'policy',
      lease_id: 'l-1',
      ms: 3,
      ready: true,
      topics: ['a', 'b'],
    });
  });

  it('drops what is not listed, at any nesting, and says that it did', () => {
    const { log, text, last } = capture();
    log.error(
      'x',
      fields({
        password: canary,
        detail: { token: canary, deeper: { action_id: canary } },
        parts: [{ secret: canary }],
      }),
    );
    expect(text()).not.toContain(canary);
    expect(last()['dropped']).toBe(4);
  });

  it('never lets a planted secret out under an unlisted name, whatever surrounds it', () => {
    const listed = fc.constantFrom('detail', 'parts', 'error', 'cause', 'source');
    const unlisted = fc.string({ minLength: 1 }).filter((name) => !(logFields as readonly string[]).includes(name));
    const secretInside = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        fc.dictionary(unlisted, fc.constant(canary), { minKeys: 1, maxKeys: 2 }),
        fc.dictionary(listed, tie('node'), { minKeys: 1, maxKeys: 2 }),
        fc.array(tie('node'), { minLength: 1, maxLength: 2 }),
      ),
    })).node;
    fc.assert(
      fc.property(secretInside, (value) => {
        const { log, text } = capture();
        log.info('x', { detail: value });
        expect(text()).not.toContain(canary);
      }),
    );
  });

  it('says of an error its class, code and place, and nothing that is attached to it', () => {
    const { log, text, last } = capture();
    const failed = Object.assign(new Error(`duplicate key "${canary}"`), {
      code: '23505',
      table: 'agents',
      parameters: [canary],
      detail: `Key (token)=(${canary}) exists`,
    });
    log.error('x', { error: new Fault('statement_failed', { retryable: false, cause: failed }) });
    expect(text()).not.toContain(canary);
    expect(last()['error']).toMatchObject({
      name: 'Fault',
      code: 'statement_failed',
      retryable: false,
      cause: { code: '23505', table: 'agents' },
    });
    expect(JSON.stringify(last()['error'])).toContain('log.spec.ts');
  });

  it('shows no credential, address with a password, or text in quotes from a foreign error', () => {
    const { log, text } = capture();
    const jws = `${'a'.repeat(20)}.${'b'.repeat(20)}.${'c'.repeat(43)}`;
    for (const words of [
      `cannot parse '${canary}'`,
      `bad url postgres://u:${canary}@h/d`,
      `no ${'x'.repeat(10)}${canary}${'y'.repeat(10)}`,
    ])
      log.error('x', { error: new Error(words) });
    log.error('x', fields({ detail: jws, reason: `postgres://u:${canary}@h`, source: Buffer.from(canary) }));
    expect(text()).not.toContain(canary);
    expect(text()).not.toContain(jws);
  });

  it('is not written below the level', () => {
    const lines: string[] = [];
    const log = new Log('policy', 'warn', { write: (line: string) => lines.push(line) });
    log.info('quiet');
    log.debug('quiet');
    log.warn('loud');
    expect(lines).toHaveLength(1);
  });
});

describe("Nest's own lines", () => {
  it('are scrubbed, and a stack that comes as text is left out', () => {
    const { log, text, last } = capture();
    new NestLog(log).error(`failed on "${canary}"`, `Error: ${canary}\n    at here`, 'ExceptionsHandler');
    expect(text()).not.toContain(canary);
    expect(last()).toMatchObject({ event: 'nest.error', context: 'ExceptionsHandler' });
  });
});
