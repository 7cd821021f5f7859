import { describe, expect, it } from '@jest/globals';
import { inboxText } from './inbox-text.js';

const line = (action_id: string, count: number) => ({
  action_id, count, agent_id: 'migrator-1', headline: 'add a column', severity: 'high', group: 'dba', stage: 1,
  opened_at: '2026-05-04T12:00:00.000Z', deadline_at: '2026-05-04T16:00:00.000Z',
}); // prettier-ignore

describe('what waits for a person', () => {
  it('says so when it is nothing', () => {
    expect(inboxText({ approvals: [] })).toBe('Nothing waits for you.');
  });

  it('has one line for those that look alike, with their number and how to see each', () => {
    const text = inboxText({ approvals: [line('a', 1), line('b', 12)] });
    const [, first, second, hint] = text.split('\n');
    expect(first).toMatch(/^a .* add a column$/u);
    expect(second).toMatch(/^b .* 12 alike: add a column$/u);
    expect(hint).toMatch(/each is decided by itself: sallyport approvals list --like b$/u);
  });

  it('says nothing of it where all differ', () => {
    expect(inboxText({ approvals: [line('a', 1)] })).not.toMatch(/alike/u);
  });
});
