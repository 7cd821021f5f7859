import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { pullsAnswer, type PullLine } from '#contracts';
import { columns, width } from '../../apps/cli/src/core/say.js';
import { saidOfPull, saidOfRelease, showPulls } from '../../apps/cli/src/core/show-pulls.js';
import { root } from '../../tools/world/place.js';

const golden = readFileSync(join(root, 'test/contract/cli/kill-switch.txt'), 'utf8');

const ofAgent: PullLine = {
  id: '01975f3a-8000-7b1e-8d2f-3a4b5c6d7e8f',
  epoch: 7,
  scope: 'agent',
  scope_id: 'refunder-1',
  reason: 'refunds nobody asked for',
  by: 'sara',
  pulled_at: '2026-11-21T22:30:00.000Z',
  live: 3,
  ended: 12,
  stuck: 1,
  stuck_at: [{ target: 'orders-db', leases: 1 }],
};
const everything: PullLine = {
  ...ofAgent,
  id: '01975f3a-9000-7b1e-8d2f-3a4b5c6d7e8f',
  epoch: 8,
  scope: 'global',
  scope_id: undefined,
  reason: 'a drill',
  live: 0,
  ended: 1,
  stuck: 0,
  stuck_at: [],
  release: { by: 'sara', at: '2026-11-21T23:00:00.000Z', reason: 'the drill is over', waits_for: 1 },
};
const answer = { pulls: [ofAgent, everything] };

describe('kill-switch show', () => {
  it('is the golden text', () => {
    expect(pullsAnswer.safeParse(answer).error).toBeUndefined();
    expect(`${showPulls(answer)}\n`).toBe(golden);
    expect(golden.split('\n').filter((line) => columns(line) > width)).toEqual([]);
  });

  it('says so when nothing is pulled', () => {
    expect(showPulls({ pulls: [] })).toBe('The kill switch is not pulled.');
  });

  it('shows what hides in the words of others, and lets none of them pass for a row of its own', () => {
    const screen = showPulls({ pulls: [{ ...ofAgent, reason: 'x\u202e\n  work             done' }] });
    expect(screen).not.toContain('\u202e');
    expect(screen.split('\n').filter((line) => line.startsWith('  work '))).toHaveLength(1);
  });
});

describe('pulling and releasing', () => {
  it('say what has happened and what comes next', () => {
    const { id } = ofAgent;
    expect(saidOfPull({ id, epoch: 7, live: 15 }, { scope: 'agent', id: 'refunder-1' })).toBe(
      [
        'Pulled for agent refunder-1, epoch 7: nothing is released or used there any more.',
        '15 leases that were not over are being ended. Follow it: sallyport kill-switch show',
        `To release it, two security officers: sallyport kill-switch release ${id} --reason <text>`,
      ].join('\n'),
    );
    expect(saidOfPull({ id, epoch: 7, live: 0 }, { scope: 'global' })).toContain('Pulled for everything, epoch 7');
    expect(saidOfRelease({ id, released: false, waits_for: 1 })).toBe(
      `Noted. It stays pulled until another security officer says so too: sallyport kill-switch release ${id} --reason <text>`,
    );
    expect(saidOfRelease({ id, released: true, waits_for: 0 })).toContain('what was ended does not come back');
  });
});
