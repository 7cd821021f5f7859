import { describe, expect, it } from '@jest/globals';
import { newsLine } from './news-line.js';

describe('a line of news about a program', () => {
  it('has the state in one column', () => {
    const at = ['audit', 'agent-migrator-1'].map((name) => newsLine({ name, what: 'ready', afterMs: 1_240 }, '/w').indexOf('ready (1.2 s)')); // prettier-ignore
    expect(at).toEqual([24, 24]);
  });

  it.each([15, 16, 20, 21, 40])('keeps a name of %d letters apart from its state', (length) => {
    const name = 'n'.repeat(length);
    expect(newsLine({ name, what: 'restarting', inMs: 500 }, '/w')).toMatch(/^ {2}n+ {2,}starts again in 0.5 s$/u);
  });

  it('names the log of what ended', () => {
    const exit = { code: 1, signal: null };
    expect(newsLine({ name: 'audit', what: 'ended', exit }, '/w')).toContain('its log: /w/logs/audit.log');
  });
});
