import { Injectable } from '@nestjs/common';
import { Database } from '#database';
import { decideCheckpoint } from '../core/checkpoint.js';
import { CheckpointKey } from '../io/checkpoint-key.js';
import { LogStore } from '../io/log.store.js';

/** Signs the log's present state when it has grown. The head's lock makes it one signer at a time, whatever the number of instances. */
@Injectable()
export class SignCheckpoint {
  constructor(
    private readonly database: Database,
    private readonly log: LogStore,
    private readonly key: CheckpointKey,
  ) {}

  /** @returns `log_shrank` when the log must not sign: the database is older than the last checkpoint. */
  async handle(): Promise<'signed' | 'nothing_new' | 'log_shrank'> {
    return this.database.transaction(async (tx) => {
      const head = await this.log.lockHead(tx);
      const last = await this.log.lastCheckpoint(tx);
      const decided = decideCheckpoint(this.key.origin, head, last === undefined ? undefined : BigInt(last.size));
      if (!decided.sign) return decided.why;
      await this.log.addCheckpoint(tx, head.size, decided.root, this.key.sign(decided.text));
      return 'signed';
    });
  }
}
