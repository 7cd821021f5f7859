import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { topics } from '#contracts';
import { Database } from '#database';
import { RegistryCopy, RegistryCopyStore } from '#facts';
import { anAgentSpec, aSigningKey, type TestKey } from '../support/gate.js';
import { eventually } from '../support/eventually.js';
import { anAsk, aValue, eventOf, kafkaAud, recordOf, type SignedAsk } from './intake-asks.js';
import { RegistryWorld, type Answer } from './registry-world.js';

let world: RegistryWorld;
let registry: NestFastifyApplication;
let intake: NestFastifyApplication;

beforeAll(async () => {
  world = await RegistryWorld.start();
  registry = await world.startRegistry();
  await world.register('people', 'olga', world.person('olga'));
  const schema = {
    type: 'object',
    additionalProperties: false,
    properties: { order: { type: 'string' }, amount_minor: { type: 'integer' } },
  };
  await world.register('action-types', 'payment.refund', {
    properties_schema: schema,
    risk: 'medium',
    view: 'refund {order}',
  });
  intake = await world.startIntake();
}, 90_000);
afterAll(() => world.remove(), 30_000);

const overKafka = (agent: string, key: TestKey): SignedAsk =>
  anAsk({ agent, key: key.signing, aud: kafkaAud(world.gate.id), value: aValue(agent) });
const typesOf = async (asks: readonly SignedAsk[]): Promise<string[]> => {
  const ids = new Map(asks.map(({ id }, n) => [id, n]));
  const found = (await world.bus.records(topics.actions)).map(eventOf).filter(({ key }) => ids.has(key));
  return found
    .sort((a, b) => (ids.get(a.key) ?? 0) - (ids.get(b.key) ?? 0))
    .map(({ type, data }) => (data['code'] as string | undefined) ?? type);
};
const accepted = 'sallyport.action.accepted.v1';
const counted = async (code: string): Promise<number> => {
  const [row] = await world.sql<{ count: number }>('SELECT count::int FROM intake.unauthentic_totals WHERE code = $1', [
    code,
  ]);
  return row?.count ?? 0;
};
const versionOf = (answer: Answer): number => answer.body.version ?? 0;
/** Until this instance holds that version: over the topic, nobody asked for it. */
const untilKnown = (kind: 'agents' | 'people', id: string, version: number): Promise<void> =>
  eventually(() => { expect(intake.get(RegistryCopy).versionOf(kind, id)).toBe(version); }); // prettier-ignore

describe('what intake knows of the registry', () => {
  it('an agent that is suspended is rejected, and accepted again once it is resumed', async () => {
    const key = aSigningKey();
    await world.register('agents', 'switched', anAgentSpec([key.jwk]));
    const reason = { body: { reason: 'odd' }, as: 'rita' };
    await untilKnown('agents', 'switched', versionOf(await world.call('registry', 'POST', '/v1/agents/switched/suspend', reason)));
    const first = overKafka('switched', key);
    await world.bus.produce(topics.requests, [recordOf(first)]);
    await eventually(async () => { expect(await typesOf([first])).toEqual(['agent_suspended']); });
    await untilKnown('agents', 'switched', versionOf(await world.call('registry', 'POST', '/v1/agents/switched/resume', reason)));
    const second = overKafka('switched', key);
    await world.bus.produce(topics.requests, [recordOf(second)]);
    await eventually(async () => { expect(await typesOf([second])).toEqual([accepted]); });
  }, 20_000); // prettier-ignore

  it('an old signed entry on the topic revives no key, neither while intake runs nor after it starts again', async () => {
    const old = aSigningKey();
    const current = aSigningKey();
    const first = await world.register('agents', 'rotated', anAgentSpec([old.jwk]));
    await untilKnown('agents', 'rotated', 1);
    await untilKnown(
      'agents',
      'rotated',
      versionOf(await world.register('agents', 'rotated', anAgentSpec([current.jwk]), { ifMatch: 1 })),
    );
    const data = { kind: 'agents', id: 'rotated', version: 1, entry: first.body['entry'] };
    const headers = {
      ce_specversion: '1.0',
      ce_type: 'sallyport.registry.changed.v1',
      'content-type': 'application/json',
    };
    const replayed = { key: 'agents:rotated', value: JSON.stringify(data), headers };
    await world.bus.produce(topics.registry, [replayed]);
    for (const restart of [false, true]) {
      if (restart) {
        await world.stop(intake);
        intake = await world.startIntake();
      }
      const before = await counted('key_unknown');
      const byOld = overKafka('rotated', old);
      const byCurrent = overKafka('rotated', current);
      await world.bus.produce(topics.requests, [recordOf(byOld)]);
      await world.bus.produce(topics.requests, [recordOf(byCurrent)]);
      await eventually(async () => {
        expect(await typesOf([byOld, byCurrent])).toEqual([accepted]);
        expect(await counted('key_unknown')).toBe(before + 1);
      });
    }
  }, 60_000);

  it('asks wait for a registry that does not answer, and none is lost or turned away', async () => {
    const key = aSigningKey();
    const known = aSigningKey();
    await world.register('agents', 'known', anAgentSpec([known.jwk]));
    await world.register('people', 'unheard', world.person('unheard'));
    const nothing = { type: 'object', additionalProperties: false };
    await world.register('action-types', 'unheard', { properties_schema: nothing, risk: 'low', view: '' });
    await world.register('agents', 'unheard', anAgentSpec([key.jwk], { principals: ['unheard'] }));
    await untilKnown('agents', 'unheard', 1);
    await world.stop(intake);
    // This copy has not heard of the agent, its principal and its action: its table and the topic are as they were before.
    await world.sql("DELETE FROM intake.registry_copy WHERE id = 'unheard'");
    await world.bus.forget(topics.registry, ['agents:unheard', 'people:unheard', 'action-types:unheard']);
    const value = aValue('unheard', {
      action: { name: 'unheard', properties: {} },
      context: { justification: 'x', on_behalf_of: { iss: world.issuer.issuer, sub: 'unheard' } },
    });
    intake = await world.startIntake();
    await world.stop(registry);
    const unheard = anAsk({ agent: 'unheard', key: key.signing, aud: kafkaAud(world.gate.id), value });
    const asks = [unheard, overKafka('known', known)];
    await world.bus.produce(topics.requests, asks.map((ask) => recordOf(ask)));
    const overHttp = anAsk({ agent: 'unheard', key: key.signing, aud: `${world.url('intake')}/v1/actions`, value });
    const refused = await world.call('intake', 'POST', '/v1/actions', {
      body: overHttp.bytes.toString(),
      headers: { 'sallyport-signature': overHttp.signature, 'content-type': 'application/json' },
    });
    expect(refused).toMatchObject({ status: 503, body: { code: 'dependency_unavailable' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    registry = await world.startRegistry();
    await eventually(async () => { expect(await typesOf(asks)).toEqual([accepted, accepted]); }, { withinMs: 30_000 });
  }, 60_000); // prettier-ignore
});

describe('two instances', () => {
  it('keep the newest entry in the table that they share, whichever is late', async () => {
    const database = intake.get(Database);
    const store = new RegistryCopyStore(database);
    const row = (version: number) => [{ kind: 'groups', id: 'late', version, entry: `version ${String(version)}` }];
    for (const version of [2, 1, 3, 2]) await database.transaction((tx) => store.keep(tx, row(version)));
    expect((await store.load()).filter(({ id }) => id === 'late')).toEqual(row(3));
    await world.sql("DELETE FROM intake.registry_copy WHERE id = 'late'");
  });

  it('grant one quota between them, exactly, however both ask at once', async () => {
    await world.startSecond('intake');
    const key = aSigningKey();
    await world.register('agents', 'shared', anAgentSpec([key.jwk], { requests_per_minute: 40 }));
    const asks = Array.from({ length: 120 }, () => overKafka('shared', key));
    await world.bus.produce(topics.requests, asks.map((ask) => recordOf(ask)));
    const codes = await eventually(async () => {
      const types = await typesOf(asks);
      expect(types).toHaveLength(120);
      return types;
    }, { withinMs: 30_000 });
    const perMinute = await world.sql<{ accepted: number }>(
      `SELECT count(*)::int AS accepted FROM intake.actions WHERE agent_id = 'shared' AND state = 'accepted'
        GROUP BY date_trunc('minute', received_at)`,
    );
    expect(perMinute.every(({ accepted: granted }) => granted <= 40)).toBe(true);
    expect(codes.filter((code) => code === accepted).length).toBeGreaterThanOrEqual(40);
    expect(codes.filter((code) => code === 'rate_limited').length).toBeGreaterThanOrEqual(120 - 80);
  }, 60_000); // prettier-ignore
});
