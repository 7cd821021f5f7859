import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { lookupBody, type LookupAnswer } from '#contracts';
import { aGate, aPersonSpec, anAgentSpec, aSigningKey, signEntry } from '../../../test/support/gate.js';
import { HttpRegistryClient } from './http-registry-client.js';

const gate = aGate();
const stranger = aGate(gate.id);
const key = aSigningKey();
const person = (version: number): string =>
  signEntry(gate, { kind: 'people', id: 'p', version, spec: aPersonSpec('u') });
const agent = signEntry(gate, { kind: 'agents', id: 'a', spec: anAgentSpec([key.jwk]) });

/** A registry that answers what the spec says, after it has read the whole body. */
const seen: { authorization: string | undefined; body: unknown }[] = [];
let answer: () => { status?: number; body: unknown } | 'never' = () => 'never';
let server: Server;

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      seen.push({ authorization: request.headers.authorization, body: JSON.parse(Buffer.concat(chunks).toString()) });
      const said = answer();
      if (said === 'never') return;
      response.writeHead(said.status ?? 200, { 'content-type': 'application/json' }).end(JSON.stringify(said.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  seen.length = 0;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  gate.remove();
  stranger.remove();
});

/** Patient, because on a busy machine an answer takes its time. */
const aClient = (newestSeen = 0, timeoutMs = 10_000): HttpRegistryClient =>
  new HttpRegistryClient({
    registryUrl: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    timeoutMs,
    trust: gate.trust,
    newestSeen: () => newestSeen,
    token: () => 'service-token',
  });
const says = (body: Partial<LookupAnswer> | object, status = 200): void => {
  answer = () => ({ status, body: { entries: [], kids: [], ...body } });
};

describe('asking the registry itself', () => {
  it('names itself, and gives answers in the order asked; null = none, or deleted', async () => {
    says({ entries: [person(2), null, signEntry(gate, { kind: 'groups', id: 'g', version: 3 })] });
    const known = await aClient().current([
      { kind: 'people', id: 'p' },
      { kind: 'people', id: 'q' },
      { kind: 'groups', id: 'g' },
    ]);
    expect(known.map((one) => one?.version ?? null)).toEqual([2, null, null]);
    expect(seen[0]?.authorization).toBe('Bearer service-token');
    expect(lookupBody.safeParse(seen[0]?.body).success).toBe(true);
  });

  it('finds the agent that holds a key, and nobody for a key that the entry does not hold', async () => {
    says({ kids: [agent, agent, null] });
    const found = await aClient().byKids([key.jwk.kid, 'x'.repeat(43), 'y'.repeat(43)]);
    expect(found.map((one) => one?.id ?? null)).toEqual(['a', null, null]);
  });

  it('asks in parts that fit through the door', async () => {
    answer = () => {
      const { entries } = lookupBody.parse(seen.at(-1)?.body);
      return { body: { entries: entries.map(() => null), kids: [] } };
    };
    const known = await aClient().current(
      Array.from({ length: 600 }, (_, n) => ({ kind: 'people' as const, id: `p${String(n)}` })),
    );
    expect(known).toHaveLength(600);
    expect(seen.length).toBeGreaterThan(1);
  });

  it.each([
    ['is older than what was seen before', () => { says({ entries: [person(2)] }); }, 3, undefined],
    ['is about another entry', () => { says({ entries: [agent] }); }, 0, undefined],
    ['is signed by somebody else', () => { says({ entries: [signEntry(stranger, { kind: 'people', id: 'p' })] }); }, 0, undefined],
    ['has fewer entries than asked', () => { says({ entries: [] }); }, 0, undefined],
    ['has another shape', () => { says({ entries: 'all' }); }, 0, undefined],
    ['is an error', () => { says({}, 500); }, 0, undefined],
    ['is that the caller is nobody', () => { says({}, 401); }, 0, undefined],
    ['never comes', () => { answer = () => 'never'; }, 0, 300],
  ])('takes it for no answer when the answer %s', async (_, arrange, newestSeen, timeoutMs) => {
    arrange();
    const asked = aClient(newestSeen, timeoutMs).current([{ kind: 'people', id: 'p' }]);
    await expect(asked).rejects.toMatchObject({ code: 'registry_unavailable', retryable: true });
  }); // prettier-ignore

  it('gives a past version when that one is asked for, and only that one', async () => {
    says({ entries: [person(1)] });
    const [past] = await aClient(7).current([{ kind: 'people', id: 'p', version: 1 }]);
    expect(past?.version).toBe(1);
    await expect(aClient(7).current([{ kind: 'people', id: 'p', version: 2 }])).rejects.toMatchObject({
      retryable: true,
    });
  });
});
