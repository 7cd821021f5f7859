import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SignedOutcome } from '#contracts';
import { newUuid7, publicPart, verifyRequestSignature } from '#trust';
import { FakeGate, outcomeOf } from '../../../test/support/fake-gate.js';
import { GateError } from './gate-error.js';
import { KafkaDoor, type KafkaLike } from './kafka-door.js';
import type { Asked, Ticket } from './request.js';

type Sent = Parameters<ReturnType<KafkaLike['producer']>['send']>[0];
type EachMessage = Parameters<ReturnType<KafkaLike['consumer']>['run']>[0]['eachMessage'];

/** A broker in memory: what is sent is kept, what is said is heard at once. */
class FakeKafka implements KafkaLike {
  readonly sent: Sent[] = [];
  readonly topics: string[] = [];
  #hear: EachMessage = () => Promise.resolve();
  #join: () => void = () => undefined;

  producer() {
    const done = () => Promise.resolve();
    return { connect: done, disconnect: done, send: (record: Sent) => Promise.resolve(this.sent.push(record)) };
  }

  consumer() {
    const done = () => Promise.resolve();
    return {
      connect: done,
      disconnect: done,
      subscribe: ({ topics }: { topics: string[] }) => Promise.resolve(void this.topics.push(...topics)),
      run: ({ eachMessage }: { eachMessage: EachMessage }) => {
        this.#hear = eachMessage;
        return this.#joined();
      },
      on: (_: 'consumer.group_join', listener: () => void) => (this.#join = listener),
    };
  }

  #joined(): Promise<void> {
    this.#join();
    return Promise.resolve();
  }

  say({ ce, value, signature }: SignedOutcome): Promise<void> {
    const headers = { ce_id: Buffer.from(ce.id), ce_source: Buffer.from(ce.source), ce_type: Buffer.from(ce.type), 'sallyport-signature': Buffer.from(signature) }; // prettier-ignore
    return this.#hear({ message: { value: Buffer.from(value), headers } });
  }

  sayRaw(value: Buffer | null): Promise<void> {
    return this.#hear({ message: { value } });
  }
}

const asked: Asked = {
  action: { name: 'x', properties: {} }, resource: { type: 't', id: 'r' }, context: { justification: 'j' },
  requested_access: { profile: 'p', ttl_seconds: 60 },
}; // prettier-ignore

let gate: FakeGate;
let kafka: FakeKafka;
let door: KafkaDoor;
let ticket: Ticket;
beforeEach(async () => {
  gate = new FakeGate();
  await gate.start();
  kafka = new FakeKafka();
  door = new KafkaDoor(kafka, gate.agent(), { outcomes: 'finance', remembered: 3 });
  await door.start();
  ticket = await door.ask(asked);
});
afterEach(async () => {
  await door.stop();
  await gate.stop();
});
const codeOf = (work: Promise<unknown>) =>
  work.then(() => 'nothing', (e: unknown) => (e instanceof GateError ? e.code : e)); // prettier-ignore

describe('the Kafka door', () => {
  it('sends CloudEvents in binary mode, signed for the topic', () => {
    const [record] = kafka.sent;
    const [message] = record?.messages ?? [];
    expect(record).toMatchObject({ topic: 'sallyport.requests.v1', acks: -1 });
    expect(message).toMatchObject({
      key: ticket.actionId,
      headers: {
        ce_specversion: '1.0',
        ce_id: ticket.actionId,
        ce_type: 'sallyport.action.requested.v1',
        'content-type': 'application/json',
      },
    });
    const verified = verifyRequestSignature(
      Buffer.from(message?.value ?? ''),
      message?.headers['sallyport-signature'],
      {
        aud: 'gate.test.example/sallyport.requests.v1',
        keys: (kid) => ({
          ...publicPart(gate.agentKey),
          kty: 'OKP',
          crv: 'Ed25519',
          y: undefined,
          kid,
          use: 'sig',
          agentId: 'a-1',
        }),
      },
    );
    expect(verified.ok).toBe(true);
  });

  it('listens on the topic that the agent was registered with', () => {
    expect(kafka.topics).toEqual(['sallyport.outcomes.finance.v1']);
  });

  it('hears an outcome that comes later, and one that came before anybody waited', async () => {
    const waiting = door.wait(ticket);
    await kafka.say(outcomeOf(gate, ticket, 'pending', { service: 'approvals' }));
    await kafka.say(outcomeOf(gate, ticket, 'offered'));
    expect((await waiting).state).toBe('offered');
    expect((await door.wait(ticket, { until: ({ state }) => state === 'pending' })).state).toBe('pending');
  });

  it('passes over what does not verify, and over noise', async () => {
    const waiting = door.wait(ticket);
    const good = outcomeOf(gate, ticket, 'offered');
    await kafka.say({ ...good, value: `${good.value} ` });
    await kafka.say(outcomeOf(new FakeGate(), ticket, 'denied', { service: 'policy' }));
    await kafka.say(
      outcomeOf(gate, { ...ticket, actionDigest: `sha256:${'B'.repeat(43)}` }, 'denied', { service: 'policy' }),
    );
    await kafka.sayRaw(null);
    await kafka.sayRaw(Buffer.from('{"action_id":"x"}'));
    await kafka.say(good);
    expect((await waiting).state).toBe('offered');
  });

  it('ends when its time is over', async () => {
    expect(await codeOf(door.wait(ticket, { timeoutMs: 10 }))).toBe('no_answer');
  });

  it('keeps a bounded memory, the newest first', async () => {
    await kafka.say(outcomeOf(gate, ticket, 'offered'));
    const others = [1, 2, 3].map(() => ({ ...ticket, actionId: newUuid7() }));
    for (const other of others) await kafka.say(outcomeOf(gate, other, 'offered'));
    expect(await codeOf(door.wait(ticket, { timeoutMs: 10 }))).toBe('no_answer');
    expect((await door.wait(others[2] as Ticket)).state).toBe('offered');
    for (let i = 0; i < 40; i++)
      await kafka.say(outcomeOf(gate, others[0] as Ticket, 'pending', { service: 'approvals' }));
    expect(await codeOf(door.wait(others[0] as Ticket, { timeoutMs: 10 }))).toBe('no_answer');
  });
});
