import { describe, expect, it } from '@jest/globals';
import type { Outsider } from '#contracts';
import { showAccess } from './show-access.js';

const report: Outsider = { account: 'report', superuser: false, profiles: ['orders_ddl'], reads: 3, changes: 1 };
const shown = (accounts: Outsider[], absent: { agent: string; account: string }[] = []): string =>
  showAccess({ target: 'orders-db', looked_at: '2026-11-24T12:00:00.000Z', accounts, absent });

describe('what gets to a target without the gate', () => {
  it('stands there with what it reaches and the next step', () => {
    const screen = shown([report]);
    expect(screen).toContain('report at orders-db\n  whose          nobody has said\n');
    expect(screen).toContain('may read 3 and change 1 tables of orders_ddl');
    expect(screen).toContain('name it in outside_accounts');
    expect(screen).toContain('As orders-db said at 2026-11-24 12:00:00 UTC.');
  });

  it('is the account of an agent where one names it', () => {
    const screen = shown([{ ...report, agent: 'migrator-1' }]);
    expect(screen).toContain('agent migrator-1; what it asks for there is always for people');
    expect(screen).toContain('REVOKE … FROM report');
  });

  it('is a superuser, whose tables are not counted out', () => {
    expect(shown([{ ...report, superuser: true }])).toContain('everything: it is a superuser');
  });

  it('is nobody, or no more what an agent names', () => {
    expect(shown([])).toContain('Nobody gets to what the profiles of orders-db are for but by leases.');
    expect(shown([], [{ agent: 'migrator-1', account: 'old' }])).toContain(
      'take it out of outside_accounts of migrator-1',
    );
  });
});
