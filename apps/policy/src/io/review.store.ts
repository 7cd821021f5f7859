import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';

/** Reviews that emergency rules made due. */
@Injectable()
export class ReviewStore {
  /** Makes every other slice that might fire an emergency rule wait for this transaction; then says which rules have an open review. */
  async lockOpen(tx: Tx): Promise<string[]> {
    await tx.query('SELECT only_one FROM review_lock FOR UPDATE');
    return this.#open(tx);
  }

  async add(tx: Tx, reviews: readonly { actionId: string; rule: string }[]): Promise<void> {
    if (reviews.length === 0) return;
    await tx.query(
      `INSERT INTO review (action_id, rule) SELECT * FROM unnest($1::uuid[], $2::text[]) ON CONFLICT DO NOTHING`,
      [reviews.map(({ actionId }) => actionId), reviews.map(({ rule }) => rule)],
    );
  }

  /** A person closed it: the rule may work again. */
  async close(tx: Tx, reviews: readonly { actionId: string; rule: string }[]): Promise<void> {
    await tx.query(
      `UPDATE review r SET closed_at = clock_timestamp()
         FROM unnest($1::uuid[], $2::text[]) AS k (action_id, rule)
        WHERE r.action_id = k.action_id AND r.rule = k.rule AND r.closed_at IS NULL`,
      [reviews.map(({ actionId }) => actionId), reviews.map(({ rule }) => rule)],
    );
  }

  async #open(tx: Tx): Promise<string[]> {
    const rows = await tx.query<{ rule: string }>('SELECT DISTINCT rule FROM review WHERE closed_at IS NULL');
    return rows.map(({ rule }) => rule);
  }
}
