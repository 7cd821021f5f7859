import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database, type Tx } from '#database';
import { ceremonySeconds, type About, type Ceremony, type Holder } from '../core/ceremony.js';

interface Row extends Holder {
  subject: string;
  about: About;
  begun_by: string;
  challenge: string;
  expires_at: Date;
  done_at: Date | null;
  statement: string | null;
  now: Date;
}

const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** Each new page takes up to this many with it that nobody can use or ask for any more. */
const sweptPerRow = 4;

/** Pages on which a security key is used once. By the database's clock. */
@Injectable()
export class CeremonyStore {
  constructor(private readonly database: Database) {}

  /** Answers until when it can be used. */
  async begin(secret: string, one: Pick<Ceremony, 'subject' | 'about' | 'holder' | 'begunBy' | 'challenge'>): Promise<Date> {
    const { about, begunBy, challenge, holder, subject } = one;
    const [row] = await this.database.query<{ expires_at: Date }>(
      `WITH dead AS (
         DELETE FROM ceremonies WHERE ctid = ANY (ARRAY(
           SELECT ctid FROM ceremonies WHERE expires_at < now() - interval '1 hour'
           ORDER BY expires_at LIMIT ${String(sweptPerRow)} FOR UPDATE SKIP LOCKED))
       )
       INSERT INTO ceremonies (secret_hash, subject, kind, person, iss, sub, begun_by, challenge, about, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, clock_timestamp() + make_interval(secs => $10))
       RETURNING expires_at`,
      [hashOf(secret), subject, about.kind, holder.person, holder.iss, holder.sub, begunBy, challenge, JSON.stringify(about), ceremonySeconds],
    );
    if (row === undefined) throw new TypeError('the page gave no row');
    return row.expires_at;
  } // prettier-ignore

  /** Undefined for whatever is no secret of a page about this. */
  async find(secret: string, subject: string): Promise<Ceremony | undefined> {
    const [row] = await this.database.query<Row>(
      `SELECT subject, about, person, iss, sub, begun_by, challenge, expires_at, done_at, statement, clock_timestamp() AS now
       FROM ceremonies WHERE secret_hash = $1 AND subject = $2`,
      [hashOf(secret), subject],
    );
    return row && ceremonyOf(row);
  }

  /** False when it was done before, or is too late: what was signed for it is good once. */
  async done(tx: Tx, secret: string, statement: string | undefined): Promise<boolean> {
    const rows = await tx.query<{ subject: string }>(
      `UPDATE ceremonies SET done_at = clock_timestamp(), statement = $2
       WHERE secret_hash = $1 AND done_at IS NULL AND expires_at > clock_timestamp() RETURNING subject`,
      [hashOf(secret), statement ?? null],
    );
    return rows.length === 1;
  }

  /** A confirmed pull is pulled once: false when it was, when nobody has confirmed it, or when it was another person's or another pull. */
  async spend(tx: Tx, secret: string, { person, pull }: { person: string; pull: object }): Promise<boolean> {
    const rows = await tx.query<{ subject: string }>(
      `UPDATE ceremonies SET spent_at = clock_timestamp()
       WHERE secret_hash = $1 AND kind = 'pull' AND person = $2 AND about -> 'pull' = $3::jsonb
         AND done_at IS NOT NULL AND spent_at IS NULL AND expires_at > clock_timestamp() RETURNING subject`,
      [hashOf(secret), person, JSON.stringify(pull)],
    );
    return rows.length === 1;
  }
}

function ceremonyOf({ person, iss, sub, ...row }: Row): Ceremony {
  return {
    subject: row.subject,
    about: row.about,
    holder: { person, iss, sub },
    begunBy: row.begun_by,
    challenge: row.challenge,
    expiresAt: row.expires_at,
    doneAt: row.done_at ?? undefined,
    statement: row.statement ?? undefined,
    now: row.now,
  };
}
