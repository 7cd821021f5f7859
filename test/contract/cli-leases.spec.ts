import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { leaseAnswer, leaseState, leasesAnswer, type LeaseAnswer } from '#contracts';
import { columns, width } from '../../apps/cli/src/core/say.js';
import { afterList, leaseTable, showLease } from '../../apps/cli/src/core/show-lease.js';
import { root } from '../../tools/world/place.js';

const golden = (name: string): string => readFileSync(join(root, 'test/contract/cli', `${name}.txt`), 'utf8');

const lease = (number: number, over: Partial<LeaseAnswer>): LeaseAnswer => ({
  lease_id: `01938a1e-7c00-7000-8000-00000000010${String(number)}`,
  action_id: `01938a1e-7c00-7000-8000-00000000000${String(number)}`,
  agent_id: 'migrator-1',
  state: 'offered',
  profile: 'orders-ddl',
  target: 'orders-db',
  ttl_seconds: 300,
  uses: 1,
  offer_expires_at: '2026-11-21T22:35:00.000Z',
  stuck: false,
  ...over,
});

const until = '2026-11-21T22:38:00.000Z';
const offered = lease(4, {});
const active = lease(3, { state: 'active', expires_at: until });
const stuck = lease(2, { state: 'ending', code: 'stopped', expires_at: until, stuck: true });
const ended = lease(1, { state: 'ended', code: 'ttl', expires_at: until, agent_id: 'refunder-1', profile: 'refunds' });
const all = [offered, active, stuck, ended];

describe('leases list', () => {
  it('is the golden text: what is stuck stands out, what is over has no time left', () => {
    expect(leasesAnswer.safeParse({ leases: all }).error).toBeUndefined();
    expect(`${leaseTable(all)}\n`).toBe(golden('leases-list'));
  });

  it('names the words for the next page, with the same filters, and for what is stuck', () => {
    expect(afterList({ leases: all, next: ended.lease_id }, ['--state active', '--agent migrator-1'])).toEqual([
      `Stuck: a target does not confirm the end. See: sallyport leases show ${stuck.lease_id}`,
      `Older ones: sallyport leases list --state active --agent migrator-1 --cursor ${ended.lease_id}`,
    ]);
    expect(afterList({ leases: [active] }, [])).toEqual([]);
  });
});

describe('leases show', () => {
  it.each([
    ['leases-show-active', active],
    ['leases-show-stuck', stuck],
  ])('%s is the golden text', (name, shown) => {
    expect(`${showLease(shown)}\n`).toBe(golden(name));
  });

  it('offers to end whatever is not ending yet, and nothing else', () => {
    const endable = leaseState.options.filter((state) => showLease(lease(1, { state })).includes('leases end'));
    expect(endable).toEqual(['offered', 'minting', 'active']);
  });

  it('reads an answer of a gate that names no target', () => {
    const without: Record<string, unknown> = { ...stuck };
    delete without['target'];
    expect(showLease(leaseAnswer.parse(without))).toContain('the target has not confirmed');
  });

  it('lets no name of a registrar’s or an agent’s reach the terminal with control characters', () => {
    const shown = lease(1, { agent_id: 'a\u001b[2J', profile: 'p\u202e', target: 't\u0007', code: 'c\u009b' });
    const hidden = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/u;
    expect(showLease(shown)).not.toMatch(hidden);
    expect(leaseTable([shown])).not.toMatch(hidden);
  });

  it('fits the screen', () => {
    for (const shown of all)
      expect(
        showLease(shown)
          .split('\n')
          .filter((line) => columns(line) > width),
      ).toEqual([]);
  });
});
