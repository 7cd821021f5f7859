import { outcomeGroups, outcomesTopic, signedAttributes, topics, type SignedOutcome } from '#contracts';
import { newUuid7 } from '#trust';
import { GateError } from './gate-error.js';
import { superseding, type Asked, type AskOptions, type Ticket } from './request.js';
import type { SallyportAgent, WaitOptions } from './sallyport-agent.js';
import { isSettled, statusOfOutcome, type ActionStatus } from './status.js';

type Headers = Record<string, string | Buffer | (string | Buffer)[] | undefined>;

/** The part of `Kafka` of kafkajs that is used: bring your own client, with its TLS, SASL and time-outs. */
export interface KafkaLike {
  producer(config: { allowAutoTopicCreation: boolean }): {
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    send(record: {
      topic: string;
      acks: number;
      messages: { key: string; value: string; headers: Record<string, string> }[];
    }): Promise<unknown>;
  };
  consumer(config: { groupId: string; allowAutoTopicCreation: boolean }): {
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    subscribe(subscription: { topics: string[]; fromBeginning: boolean }): Promise<void>;
    run(config: {
      eachMessage: (payload: { message: { value: Buffer | null; headers?: Headers } }) => Promise<void>;
    }): Promise<void>;
    on(event: 'consumer.group_join', listener: () => void): unknown;
  };
}

export interface KafkaDoorOptions {
  /** `<name>` of the agent's own outcomes topic, as registered. */
  outcomes?: string;
  /** The consumer group; a fresh one by default, which hears what is said from now on. The broker may allow only `outcomeGroups` of the topic. */
  groupId?: string;
  /** How many actions are remembered; the oldest is forgotten first. 10,000 by default. */
  remembered?: number;
}

type Listener = (outcome: SignedOutcome) => void;

/**
 * The gate's Kafka door: requests go to `sallyport.requests.v1`, outcomes come from the outcomes topic, and count only when they verify.
 * Redeeming is done over HTTP by the agent: no secret ever travels on Kafka.
 */
export class KafkaDoor {
  readonly #agent: SallyportAgent;
  readonly #producer: ReturnType<KafkaLike['producer']>;
  readonly #consumer: ReturnType<KafkaLike['consumer']>;
  readonly #topic: string;
  readonly #remembered: number;
  /** The last outcomes of actions, by id, unverified until somebody waits for them. */
  readonly #heard = new Map<string, SignedOutcome[]>();
  readonly #listeners = new Map<string, Set<Listener>>();

  constructor(kafka: KafkaLike, agent: SallyportAgent, options: KafkaDoorOptions = {}) {
    const topic = outcomesTopic(options.outcomes);
    const { groupId = `${outcomeGroups(topic)}${agent.agentId}.${newUuid7()}`, remembered = 10_000 } = options;
    this.#agent = agent;
    this.#producer = kafka.producer({ allowAutoTopicCreation: false });
    this.#consumer = kafka.consumer({ groupId, allowAutoTopicCreation: false });
    this.#topic = topic;
    this.#remembered = remembered;
  }

  /** Resolves when it hears: an outcome of a request that is asked afterwards cannot be missed. */
  async start(): Promise<void> {
    await Promise.all([this.#producer.connect(), this.#consumer.connect()]);
    await this.#consumer.subscribe({ topics: [this.#topic], fromBeginning: false });
    const joined = new Promise<void>((resolve) => {
      this.#consumer.on('consumer.group_join', resolve);
    });
    await this.#consumer.run({
      eachMessage: ({ message }) => {
        this.#hear(message);
        return Promise.resolve();
      },
    });
    await joined;
  }

  async stop(): Promise<void> {
    await Promise.all([this.#producer.disconnect(), this.#consumer.disconnect()]);
  }

  /** Asks. Resolves when the broker has the request on all its replicas. */
  async ask(asked: Asked, actionId?: string, options: AskOptions = {}): Promise<Ticket> {
    const aud = `${this.#agent.trust.gate}/${topics.requests}`;
    const { ticket, ce, value, signature } = this.#agent.sign(superseding(asked, options), aud, actionId);
    const headers = {
      ce_specversion: '1.0',
      ce_id: ce.id,
      ce_source: ce.source,
      ce_type: ce.type,
      ce_time: new Date().toISOString(),
      'content-type': 'application/json',
      'sallyport-signature': signature,
    };
    await this.#producer.send({ topic: topics.requests, acks: -1, messages: [{ key: ce.id, value, headers }] });
    return ticket;
  }

  /** Waits for an outcome that verifies. Forged ones are passed over. Throws GateError `no_answer` when the time is over. */
  wait(ticket: Ticket, { timeoutMs = 60_000, until = isSettled }: WaitOptions = {}): Promise<ActionStatus> {
    const { actionId } = ticket;
    return new Promise((resolve, reject) => {
      const settle = (outcome: SignedOutcome): void => {
        const status = this.#read(outcome, ticket);
        if (status === undefined || !until(status)) return;
        stop();
        resolve(status);
      };
      const timer = setTimeout(() => {
        stop();
        reject(new GateError('no_answer', 'no outcome in time'));
      }, timeoutMs);
      const stop = (): void => {
        clearTimeout(timer);
        this.#forget(actionId, settle);
      };
      this.#listen(actionId, settle);
      for (const outcome of this.#heard.get(actionId) ?? []) settle(outcome);
    });
  }

  #read(outcome: SignedOutcome, ticket: Ticket): ActionStatus | undefined {
    try {
      return statusOfOutcome(this.#agent.trust, outcome, ticket, this.#agent.agentId);
    } catch (error) {
      if (error instanceof GateError) return undefined;
      throw error;
    }
  }

  #hear(message: { value: Buffer | null; headers?: Headers }): void {
    const outcome = outcomeOf(message);
    const actionId = outcome && claimedActionId(outcome);
    if (outcome === undefined || actionId === undefined) return;
    const known = this.#heard.get(actionId) ?? [];
    if (this.#heard.size >= this.#remembered && known.length === 0) this.#dropOldest();
    // An action has a handful of outcomes; more than that is noise that must not fill the memory.
    this.#heard.set(actionId, [...known.slice(-15), outcome]);
    for (const listener of this.#listeners.get(actionId) ?? []) listener(outcome);
  }

  #dropOldest(): void {
    const oldest = this.#heard.keys().next();
    if (oldest.done !== true) this.#heard.delete(oldest.value);
  }

  #listen(actionId: string, listener: Listener): void {
    const listeners = this.#listeners.get(actionId) ?? new Set();
    this.#listeners.set(actionId, listeners.add(listener));
  }

  #forget(actionId: string, listener: Listener): void {
    const listeners = this.#listeners.get(actionId);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.#listeners.delete(actionId);
  }
}

/** A record of the outcomes topic (CloudEvents binary mode); undefined when it is none. */
function outcomeOf({ value, headers = {} }: { value: Buffer | null; headers?: Headers }): SignedOutcome | undefined {
  const text = (name: string): string | undefined => {
    const header = headers[name];
    return typeof header === 'string' || Buffer.isBuffer(header) ? header.toString() : undefined;
  };
  const ce = signedAttributes.safeParse({ id: text('ce_id'), source: text('ce_source'), type: text('ce_type') }).data;
  const signature = text('sallyport-signature');
  if (value === null || ce === undefined || signature === undefined) return undefined;
  return { ce, value: value.toString('utf8'), signature };
}

/** Only decides whose turn it is; the verified text must say the same. */
function claimedActionId({ value }: SignedOutcome): string | undefined {
  return /"action_id"\s*:\s*"([0-9a-f-]{36})"/u.exec(value)?.[1];
}
