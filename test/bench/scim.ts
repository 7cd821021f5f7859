import { inLanes } from '../support/lanes.js';
import type { RunningGate } from '../support/running-gate.js';
import { round } from './figures.js';

export interface PushFigures {
  people: number;
  people_per_second: number;
  /** One group with two thousand of them at most, in one call. */
  group_of: number;
  group_s: number;
  /** All of them read again, two hundred a page. */
  read_s: number;
}

const lanes = 16;
const mostMembers = 2_000;
const pageSize = 200;

/** What an identity provider does on its first day: everybody, a group, and a look at what has come of it. */
export async function pushPeople(gate: RunningGate, token: string, count: number): Promise<PushFigures> {
  const call = caller(gate, token);
  const ids: string[] = [];
  let started = performance.now();
  await inLanes(Array.from({ length: count }, (_, n) => n), lanes, async (n) => {
    const name = `pushed-${String(n)}`;
    const user = { schemas: [userSchema], userName: `${name}@example.org`, externalId: name, displayName: name, active: true };
    const { id } = (await call('POST', 'Users', user)) as { id: string };
    ids.push(id);
  }); // prettier-ignore
  const people_per_second = round(count / ((performance.now() - started) / 1_000));
  started = performance.now();
  const members = ids.slice(0, mostMembers).map((value) => ({ value }));
  await call('POST', 'Groups', { schemas: [groupSchema], displayName: 'everybody', members });
  const group_s = round((performance.now() - started) / 1_000, 2);
  started = performance.now();
  for (let at = 1; at <= count; at += pageSize)
    await call('GET', `Users?startIndex=${String(at)}&count=${String(pageSize)}`);
  const read_s = round((performance.now() - started) / 1_000, 2);
  return { people: count, people_per_second, group_of: members.length, group_s, read_s };
}

const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User';
const groupSchema = 'urn:ietf:params:scim:schemas:core:2.0:Group';

function caller(gate: RunningGate, token: string) {
  const base = gate.world.serviceUrl('registry');
  return async (method: string, path: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`${base}/scim/v2/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    if (!answer.ok)
      throw new Error(`${method} ${path.split('?')[0] ?? ''}: ${String(answer.status)} ${await answer.text()}`);
    return answer.json();
  };
}
