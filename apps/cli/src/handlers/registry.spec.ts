import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Refused } from '../io/failures.js';
import { apply } from './registry.js';

type Entry = Record<string, unknown>;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sallyport-apply-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

/** What is written, and what is said, when this is applied over what stands there. */
async function applied(document: { kind: string; id: string; spec: Entry }, standing: Entry | undefined) {
  const [written, said]: [Entry[], string[]] = [[], []];
  const call = async (
    _: string,
    path: string,
    __: unknown,
    write?: { body: Entry; headers: Entry },
  ): Promise<unknown> => {
    if (write !== undefined) written.push({ path, ...write.headers, ...write.body });
    else if (standing === undefined) throw new Refused({ status: 404, code: 'not_found', title: 'not found' });
    return Promise.resolve({ version: write === undefined ? 4 : 5, spec: standing });
  };
  const say = (...texts: unknown[]) => void said.push(String(texts.at(-1)));
  const file = join(dir, 'file.yaml');
  writeFileSync(file, JSON.stringify(document));
  await apply({ call } as never, { result: say, always: say } as never, file);
  return { written, said };
}

const agent = (state: string, owner = 'olga') => ({ kind: 'agents', id: 'a-1', spec: { owner, state } });

describe('applying a file', () => {
  it('registers what is new, and what differs as the version after the one that was read', async () => {
    expect(await applied(agent('active'), undefined)).toEqual({
      written: [{ path: '/v1/agents/a-1', owner: 'olga', state: 'active' }],
      said: ['registered agents/a-1 version 5'],
    });
    const { written } = await applied(agent('active', 'oscar'), agent('active').spec);
    expect(written).toEqual([{ path: '/v1/agents/a-1', 'if-match': '"4"', owner: 'oscar', state: 'active' }]);
  });

  it('leaves alone what stands there as it says', async () => {
    expect(await applied(agent('active'), agent('active').spec)).toEqual({
      written: [],
      said: ['unchanged  agents/a-1'],
    });
  });

  it('never lets a suspended agent ask again, and says so; the rest of it is written', async () => {
    const kept = 'a-1 stays suspended: only `sallyport agents resume a-1` lets it ask again.';
    const same = await applied(agent('active'), agent('suspended').spec);
    expect(same).toEqual({ written: [], said: [kept, 'unchanged  agents/a-1'] });
    const other = await applied(agent('active', 'oscar'), agent('suspended').spec);
    expect(other.written).toEqual([{ path: '/v1/agents/a-1', 'if-match': '"4"', owner: 'oscar', state: 'suspended' }]);
    expect(other.said[0]).toBe(kept);
  });

  it('suspends what the file says is suspended', async () => {
    expect((await applied(agent('suspended'), agent('active').spec)).written).toMatchObject([{ state: 'suspended' }]);
  });
});
