import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import { SqlJtiStore, type LoggedOut } from '#trust/http';

/** Each new row takes up to this many dead ones with it. A sign-in is minutes old at most when its key is registered. */
const sweptPerRow = 4;

/**
 * Until the end of the transaction. Sign-ins of one provider are registered beside each other (`shared`), but not beside an end of its
 * sessions (`alone`): either sees what the other has done.
 */
export async function lockSignIns(tx: Tx, iss: string, how: 'shared' | 'alone'): Promise<void> {
  const lock = how === 'alone' ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared';
  await tx.query(`SELECT ${lock}(hashtextextended('sign-ins of ' || $1, 0))`, [iss]);
}

/** Sessions that their provider has ended. */
@Injectable()
export class EndedSessionStore {
  /** False when this was said before. Holds up the sign-ins of this provider. */
  async isNew(tx: Tx, { iss, jti, memorySeconds }: LoggedOut): Promise<boolean> {
    await lockSignIns(tx, iss, 'alone');
    return new SqlJtiStore(tx).remember(`logout ${iss}`, jti, memorySeconds);
  }

  /** Remembers it, and ends the keys of that session, where either side names none all of that person's; answers which. */
  async end(tx: Tx, { iss, issuedAt, sid, sub }: LoggedOut): Promise<string[]> {
    await tx.query(
      `WITH dead AS (
         DELETE FROM ended_sessions WHERE ctid = ANY (ARRAY(
           SELECT ctid FROM ended_sessions WHERE ended_at < now() - interval '1 day'
           ORDER BY ended_at LIMIT ${String(sweptPerRow)} FOR UPDATE SKIP LOCKED))
       )
       INSERT INTO ended_sessions (iss, sid, sub, said_at) VALUES ($1, $2, $3, to_timestamp($4))`,
      [iss, sid ?? null, sub ?? null, issuedAt],
    );
    const rows = await tx.query<{ thumbprint: string }>(
      `UPDATE person_keys SET ended_at = clock_timestamp()
       WHERE iss = $1 AND ended_at IS NULL
         AND CASE WHEN sid IS NULL OR $2::text IS NULL THEN coalesce(provider_sub, sub) = $3::text ELSE sid = $2 END
       RETURNING thumbprint`,
      [iss, sid ?? null, sub ?? null],
    );
    return rows.map(({ thumbprint }) => thumbprint);
  }
}
