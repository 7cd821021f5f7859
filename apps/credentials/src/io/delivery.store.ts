import { Injectable } from '@nestjs/common';
import type { ReplayWhy } from '#contracts';
import { Database, type Tx } from '#database';
import { keepSeconds, type Delivery } from '../core/delivery.js';

/** What is noted of whoever takes a lease. */
export interface Taking extends Pick<Delivery, 'jkt' | 'encKid'> {
  leaseId: string;
  endOnReplay: boolean;
}

interface Counted {
  isFirst: boolean;
  endOnReplay: boolean;
  at: Date;
}

/** Who took a lease, and its answer while that is kept. The table's triggers refuse everything that this class does not do. */
@Injectable()
export class DeliveryStore {
  constructor(private readonly database: Database) {}

  /** In the transaction of the intent. */
  async note(tx: Tx, { leaseId, jkt, encKid, endOnReplay }: Taking): Promise<void> {
    await tx.query('INSERT INTO lease_deliveries (lease_id, jkt, enc_kid, end_on_replay) VALUES ($1, $2, $3, $4)', [
      leaseId,
      jkt,
      encKid,
      endOnReplay,
    ]);
  }

  /** In the transaction that records the mint. */
  async keep(tx: Tx, leaseId: string, sealed: Buffer): Promise<void> {
    await tx.query(
      `UPDATE lease_deliveries SET sealed = $2, keep_until = clock_timestamp() + make_interval(secs => ${String(keepSeconds)})
       WHERE lease_id = $1`,
      [leaseId, sealed],
    );
  }

  /** Undefined when nobody took the lease. */
  async find(leaseId: string): Promise<Delivery | undefined> {
    const [delivery] = await this.database.query<Delivery>(
      `SELECT jkt, enc_kid AS "encKid", sealed, keep_until AS "keepUntil" FROM lease_deliveries WHERE lease_id = $1`,
      [leaseId],
    );
    return delivery;
  }

  /** The agent has it, or needs it no more. Doing it again changes nothing. */
  async giveUp(leaseId: string): Promise<void> {
    await this.database.query('UPDATE lease_deliveries SET sealed = NULL WHERE lease_id = $1 AND sealed IS NOT NULL', [
      leaseId,
    ]);
  }

  /** Their time is over. */
  async forget(tx: Tx, leaseIds: readonly string[]): Promise<void> {
    await tx.query(
      `UPDATE lease_deliveries SET sealed = NULL
       WHERE lease_id = ANY ($1::uuid[]) AND sealed IS NOT NULL AND keep_until <= clock_timestamp()`,
      [leaseIds],
    );
  }

  /** Counts a replay. `isFirst`: none of this lease was for that reason before. */
  async count(tx: Tx, leaseId: string, why: ReplayWhy): Promise<Counted> {
    const [row] = await tx.query<Counted>(
      `UPDATE lease_deliveries SET replays = replays + 1,
         alarmed = CASE WHEN $2 = ANY (alarmed) THEN alarmed ELSE array_append(alarmed, $2) END
       WHERE lease_id = $1
       RETURNING NOT $2 = ANY (old.alarmed) AS "isFirst", end_on_replay AS "endOnReplay", clock_timestamp() AS at`,
      [leaseId, why],
    );
    if (row === undefined) throw new TypeError('a lease that was taken has a delivery');
    return row;
  }
}
