import { topics } from '#contracts';
import type { Tx } from '#database';
import { DeadLetters, type DeadLetter, type RawHandler, type RawRecord } from '#messaging';
import { childTraceparent } from '#platform';
import { digestOfBytes, Keyring } from '#trust';
import { Injectable } from '@nestjs/common';
import { readRecord } from '../core/ask.js';
import { UnauthenticStore, type Unauthentic } from '../io/unauthentic.store.js';
import { FreezeActions, type Freezing } from './freeze-actions.js';

/** The Kafka door. Whatever lies on the topic, each record ends here: frozen, rejected, a dead letter, or counted. */
@Injectable()
export class TakeRequests implements RawHandler {
  constructor(
    private readonly freeze: FreezeActions,
    private readonly unauthentic: UnauthenticStore,
    private readonly deadLetters: DeadLetters,
    private readonly keyring: Keyring,
  ) {}

  async handle(records: RawRecord[], tx: Tx): Promise<void> {
    const asks = records.map((record) => {
      const ask = readRecord(record);
      return { ...ask, traceparent: childTraceparent(ask.traceparent) };
    });
    const checked = await this.freeze.prove(asks, `${this.keyring.gate}/${topics.requests}`);
    const fates = await this.freeze.handle({ checked }, tx);
    const dead = records.flatMap((record, i) => deadLetterOf(record, fates[i]));
    if (dead.length > 0) await this.deadLetters.add(tx, dead);
    // Last: the totals are shared by all instances, and their rows stay locked until the commit.
    await this.unauthentic.count(fates.flatMap(unauthenticOf), tx);
  }
}

function deadLetterOf({ topic, partition, offset, key, value }: RawRecord, fate: Freezing | undefined): DeadLetter[] {
  if (fate?.kind !== 'dead') return [];
  const sha256 = digestOfBytes(value ?? Buffer.alloc(0));
  return [{ topic, partition, offset, key: key?.toString('utf8') ?? '', sha256, code: fate.refusal.code }];
}

const unauthenticOf = (fate: Freezing): Unauthentic[] =>
  fate.kind === 'unproven' ? [{ sha256: fate.unproven.sha256, code: fate.unproven.code }] : [];
