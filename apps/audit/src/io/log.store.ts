import { Injectable } from '@nestjs/common';
import { Database, packed, type Tx } from '#database';
import type { Frontier } from '#trust';

export interface NewLeaf {
  subject: string;
  type: string;
  text: string;
  hash: Buffer;
  value: Buffer;
  salt: Buffer;
}

export interface StoredLeaf {
  seq: string;
  leaf: string;
  /** Null once erased. */
  value: Buffer | null;
  salt: Buffer | null;
}

export interface StoredCheckpoint {
  size: string;
  note: string;
}

const columns = 'l.seq::text AS seq, l.leaf, v.value, v.salt FROM leaves l LEFT JOIN leaf_values v USING (seq)';

/** The log's own SQL. */
@Injectable()
export class LogStore {
  constructor(private readonly database: Database) {}

  /** Takes the head's row lock: who holds it is the only one to number leaves, until its transaction ends. */
  async lockHead(tx: Tx): Promise<Frontier> {
    return this.readHead(tx, 'FOR UPDATE');
  }

  async head(tx: Tx): Promise<Frontier> {
    return this.readHead(tx, '');
  }

  async append(tx: Tx, first: bigint, leaves: readonly NewLeaf[]): Promise<void> {
    const seqs = leaves.map((_, index) => String(first + BigInt(index)));
    await tx.query(
      `INSERT INTO leaves (seq, subject, type, leaf, hash)
       SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bytea[])`,
      [
        seqs,
        leaves.map((leaf) => leaf.subject),
        leaves.map((leaf) => leaf.type),
        leaves.map((leaf) => leaf.text),
        leaves.map((leaf) => leaf.hash),
      ],
    );
    await tx.query(
      `INSERT INTO leaf_values (seq, value, salt)
       SELECT seq, substr($2::bytea, at, length), salt FROM unnest($1::bigint[], $3::int[], $4::int[], $5::bytea[]) AS v(seq, at, length, salt)`,
      [seqs, ...packed(leaves.map((leaf) => leaf.value)), leaves.map((leaf) => leaf.salt)],
    );
  }

  async saveHead(tx: Tx, head: Frontier): Promise<void> {
    await tx.query('UPDATE head SET size = $1, frontier = $2::bytea[]', [String(head.size), [...head.hashes]]);
  }

  /** The newest checkpoint; its row is the log's memory of what it has signed. */
  async lastCheckpoint(tx?: Tx): Promise<StoredCheckpoint | undefined> {
    const sql = 'SELECT size::text AS size, note FROM checkpoints ORDER BY checkpoints.size DESC LIMIT 1';
    const [row] = await (tx ?? this.database).query<StoredCheckpoint>(sql);
    return row;
  }

  async addCheckpoint(tx: Tx, size: bigint, root: Buffer, note: string): Promise<void> {
    await tx.query('INSERT INTO checkpoints (size, root, note) VALUES ($1, $2, $3)', [String(size), root, note]);
  }

  async bySubject(subject: string): Promise<StoredLeaf[]> {
    return this.database.query<StoredLeaf>(`SELECT ${columns} WHERE l.subject = $1 ORDER BY l.seq LIMIT 1000`, [
      subject,
    ]);
  }

  /** Leaves from `from` up to but without `until`, at most 500. */
  async page(from: bigint, until: bigint): Promise<StoredLeaf[]> {
    const sql = `SELECT ${columns} WHERE l.seq >= $1 AND l.seq < $2 ORDER BY l.seq LIMIT 500`;
    return this.database.query<StoredLeaf>(sql, [String(from), String(until)]);
  }

  private async readHead(tx: Tx, lock: '' | 'FOR UPDATE'): Promise<Frontier> {
    const [row] = await tx.query<{ size: string; frontier: Buffer[] }>(
      `SELECT size::text AS size, frontier FROM head ${lock}`,
    );
    if (row === undefined) throw new Error('the log has no head row: its migration did not run');
    return { size: BigInt(row.size), hashes: row.frontier };
  }
}
