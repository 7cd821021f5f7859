import { Injectable } from '@nestjs/common';
import type { IssuerSubject } from '#contracts';
import { Database } from '#database';
import type { Enveloped } from '#trust';
import { PersonKeys } from '#trust/http';
import { lockSignIns } from './ended-session.store.js';

export interface NewPersonKey {
  thumbprint: string;
  iss: string;
  sub: string;
  providerSub: string;
  sid: string | undefined;
  /** Seconds. */
  authTime: number;
  issuedAt: number;
  until: number;
  signIn: Enveloped;
}

/** The keys that people vote with. */
@Injectable()
export class PersonKeyStore {
  constructor(private readonly database: Database) {}

  async now(): Promise<Date> {
    const [row] = await this.database.query<{ now: Date }>('SELECT clock_timestamp() AS now');
    if (row === undefined) throw new TypeError('the clock gave no row');
    return row.now;
  }

  /** False when the key is there already (a key is registered once, by one sign-in), and when its provider has ended the session meanwhile. */
  async add({ signIn, ...key }: NewPersonKey): Promise<boolean> {
    const rows = await this.database.transaction(async (tx) => {
      await lockSignIns(tx, key.iss, 'shared');
      return tx.query<{ thumbprint: string }>(
        `INSERT INTO person_keys (thumbprint, iss, sub, provider_sub, sid, authenticated_at, until, sealed, kek_id, data_key)
         SELECT $1::text, $2::text, $3::text, nullif($4::text, $3::text), $5::text, to_timestamp($6), to_timestamp($7), $8::bytea, $9::text, $10::bytea
         WHERE NOT EXISTS (SELECT FROM ended_sessions e WHERE e.iss = $2
           AND CASE WHEN e.sid IS NULL OR $5 IS NULL THEN e.sub = $4 AND e.said_at >= to_timestamp($11) ELSE e.sid = $5 END)
         ON CONFLICT (thumbprint) DO NOTHING RETURNING thumbprint`,
        [
          key.thumbprint,
          key.iss,
          key.sub,
          key.providerSub,
          key.sid ?? null,
          key.authTime,
          key.until,
          signIn.sealed,
          signIn.key.kek,
          signIn.key.wrapped,
          key.issuedAt,
        ],
      );
    });
    return rows.length === 1;
  }

  /** False when this person has no such key. Ending it again changes nothing: the first end counts. */
  async end(thumbprint: string, identities: readonly IssuerSubject[]): Promise<boolean> {
    const rows = await this.database.query<{ thumbprint: string }>(
      `UPDATE person_keys SET ended_at = coalesce(ended_at, clock_timestamp())
       WHERE thumbprint = $1 AND (iss, sub) IN (SELECT * FROM unnest($2::text[], $3::text[])) RETURNING thumbprint`,
      [thumbprint, identities.map(({ iss }) => iss), identities.map(({ sub }) => sub)],
    );
    return rows.length === 1;
  }

  /** False also for a key that was never registered here. */
  async isLive(thumbprint: string): Promise<boolean> {
    return (await this.endsOf([thumbprint])).get(thumbprint) === null;
  }

  /** When each of these keys ended; null for one that did not. A key that was never registered here is not among them. */
  async endsOf(thumbprints: readonly string[]): Promise<Map<string, Date | null>> {
    const rows = await this.database.query<{ thumbprint: string; ended_at: Date | null }>(
      'SELECT thumbprint, ended_at FROM person_keys WHERE thumbprint = ANY($1::text[])',
      [thumbprints],
    );
    return new Map(rows.map(({ thumbprint, ended_at }) => [thumbprint, ended_at]));
  }
}

/** For calls of people to this service: the list is here, so a key is over with the answer to signing out. */
export class OwnPersonKeys extends PersonKeys {
  readonly #store: PersonKeyStore;

  constructor(database: Database) {
    super();
    this.#store = new PersonKeyStore(database);
  }

  override isLive(thumbprint: string): Promise<boolean> {
    return this.#store.isLive(thumbprint);
  }
}
