import { describe, expect, it } from '@jest/globals';
import { builtInGroups, widthCode, type WidthsAnswer } from '#contracts';
import { doctor } from './doctor.js';

const filled = (id: string) => ({ id, spec: { members: ['ada', 'bob'] } });

const healthy: Record<string, unknown> = {
  '/v1/channels': { channels: [] },
  '/v1/routing/health': { groups: 3, agents: 1, problems: [] },
  // On two pages, as of an organisation with many groups.
  '/v1/groups': { entries: builtInGroups.slice(0, 2).map(filled), next: builtInGroups[1] },
  [`/v1/groups?after=${builtInGroups[1]}`]: { entries: builtInGroups.slice(2).map(filled) },
};

/** What the doctor says about profiles where credentials answers this, and whether all is well. */
async function about(widths: WidthsAnswer | undefined): Promise<{ lines: string[]; well: boolean }> {
  const answers = { ...healthy, '/v1/profiles/width': widths };
  const call = async (_: string, path: keyof typeof answers): Promise<unknown> => {
    if (answers[path] === undefined) throw new Error('does not answer');
    return answers[path];
  };
  const gate = { settings: { services: {} }, call, fetch: () => Promise.resolve(new Response('a checkpoint')) };
  const lines: string[] = [];
  const output = { result: (_: unknown, line: string) => lines.push(line), note: () => undefined };
  const well = await doctor(gate as never, output as never);
  return { lines: lines.filter((line) => line.includes('profile')), well };
}

describe('the doctor', () => {
  it('finds that all is well where no profile is wider than it needs to be', async () => {
    expect(await about({ profiles: ['orders-ddl'], wide: [] })).toMatchObject({ well: true });
  });

  it('says of each profile that it is no wider than it needs to be, or how it is and what to do', async () => {
    const wide = [{ profile: 'orders-run', target: 'orders-db', code: 'can_change' as const, detail: 'public.orders' }];
    const { lines, well } = await about({ profiles: ['orders-ddl', 'orders-run'], wide });
    expect(well).toBe(false);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^ok {4}profile orders-ddl +no wider than it needs to be$/u);
    expect(lines[1]).toMatch(/^BAD {3}profile orders-run +is for reading, and can change tables: public\.orders/u);
    expect(lines[1]).toContain('fix: take those grants from its group at the target');
  });

  it.each(widthCode.options)('has words and a next step for %s, which is not well', async (code) => {
    const { lines, well } = await about({ profiles: [], wide: [{ profile: 'p', target: 't', code, detail: 'this' }] });
    expect(well).toBe(false);
    expect(lines.join('\n')).toMatch(new RegExp(`^BAD {3}profile p +\\w.+: this \\(${code}, t\\)\\n +fix: \\w`, 'u'));
  });

  it('does not take silence for a good answer', async () => {
    const { lines, well } = await about(undefined);
    expect(well).toBe(false);
    expect(lines.join('\n')).toContain('BAD   profiles');
  });
});
