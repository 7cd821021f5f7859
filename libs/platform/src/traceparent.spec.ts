import { describe, expect, it } from '@jest/globals';
import { childTraceparent, formatTraceparent, newTraceparent, parseTraceparent, traceIdOf } from './traceparent.js';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const header = `00-${traceId}-00f067aa0ba902b7-01`;

describe('traceparent', () => {
  it('is read and written as W3C Trace Context says', () => {
    expect(parseTraceparent(header)).toEqual({ traceId, parentId: '00f067aa0ba902b7', sampled: true });
    expect(formatTraceparent({ traceId, parentId: '00f067aa0ba902b7', sampled: false })).toBe(
      `${header.slice(0, -2)}00`,
    );
    expect(parseTraceparent(`cc${header.slice(2)}-what-the-future-brings`)?.traceId).toBe(traceId);
  });

  it('is ignored when it is not valid', () => {
    const bad = [
      undefined, '', 'junk', header.toUpperCase(), `ff${header.slice(2)}`, `${header}-more`,
      `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, `00-${traceId}-${'0'.repeat(16)}-01`, `${header}\n`,
    ]; // prettier-ignore
    for (const text of bad) expect(parseTraceparent(text)).toBeUndefined();
  });

  it('keeps the trace and moves the parent on', () => {
    const child = childTraceparent(header);
    expect(traceIdOf(child)).toBe(traceId);
    expect(child).not.toBe(header);
  });

  it('starts a new trace where there is none', () => {
    expect(parseTraceparent(childTraceparent('junk'))).toBeDefined();
    expect(traceIdOf(newTraceparent())).not.toBe(traceIdOf(newTraceparent()));
  });
});
