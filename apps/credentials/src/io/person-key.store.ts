import { Injectable } from '@nestjs/common';
import { Database } from '#database';
import { PersonKeys } from '#trust/http';

export interface NewPersonKey {
  thumbprint: string;
  iss: string;
  sub: string;
  sid: string | undefined;
  /** Seconds. */
  authTime: number;
  until: number;
  sealed: Buffer;
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

  /** False when the key is there already: a key is registered once, by one sign-in. */
  async add(key: NewPersonKey): Promise<boolean> {
    const rows = await this.database.query<{ thumbprint: string }>(
      `INSERT INTO person_keys (thumbprint, iss, sub, sid, authenticated_at, until, sealed)
       VALUES ($1, $2, $3, $4, to_timestamp($5), to_timestamp($6), $7)
       ON CONFLICT (thumbprint) DO NOTHING RETURNING thumbprint`,
      [key.thumbprint, key.iss, key.sub, key.sid ?? null, key.authTime, key.until, key.sealed],
    );
    return rows.length === 1;
  }

  /** False when this person has no such key. Ending it again changes nothing: the first end counts. */
  async end(thumbprint: string, { iss, sub }: { iss: string; sub: string }): Promise<boolean> {
    const rows = await this.database.query<{ thumbprint: string }>(
      `UPDATE person_keys SET ended_at = coalesce(ended_at, clock_timestamp())
       WHERE thumbprint = $1 AND iss = $2 AND sub = $3 RETURNING thumbprint`,
      [thumbprint, iss, sub],
    );
    return rows.length === 1;
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

  override async isLive(thumbprint: string): Promise<boolean> {
    return (await this.#store.endsOf([thumbprint])).get(thumbprint) === null;
  }
}
