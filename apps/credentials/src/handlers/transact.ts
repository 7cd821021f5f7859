import { Injectable } from '@nestjs/common';
import { Database, type Tx } from '#database';
import { Fault, retrying } from '#platform';

/** Transactions of HTTP doors. Two that meet at one lease may deadlock with its timer: PostgreSQL ends one of them, and that one is done again. */
@Injectable()
export class Transact {
  constructor(private readonly database: Database) {}

  run<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return retrying(() => this.database.transaction(work), {
      attempts: 5,
      firstMs: 10,
      longestMs: 200,
      worthwhile: (error) => error instanceof Fault && error.code === 'database_conflict',
    });
  }
}
