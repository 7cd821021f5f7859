import { Database, type Tx } from '#database';
import { Injectable } from '@nestjs/common';
import type { Page, Question } from '../core/scim/question.js';
import type { Doc } from '../core/scim/outcome.js';
import type { Linked, Member } from '../core/scim/resource.js';
import { conditionOf } from './scim-question-sql.js';

type Kind = Linked['kind'];

/** Whose, and of which kind. */
export interface Shelf {
  provider: string;
  kind: Kind;
}

export interface NewLink extends Shelf {
  id: string;
  entry_id: string;
  made: boolean;
  resource: Doc;
  at: Date;
}

/** What is there of a provider's: neither taken back by it nor deleted by a registrar. */
const live = `FROM scim_resources r JOIN entries e ON e.kind = r.kind AND e.id = r.entry_id AND NOT e.deleted
       WHERE r.removed_at IS NULL AND r.provider = $1 AND r.kind = $2`;
const columns = `r.id, r.kind, r.entry_id, r.made, r.resource, r.revision, r.created_at,
  GREATEST(r.changed_at, e.changed_at) AS changed_at, e.version, e.spec`;

/** What identity providers have pushed, and which entries it became. A row of one provider is never seen by another. */
@Injectable()
export class ScimStore {
  constructor(private readonly database: Database) {}

  async find({ provider, kind }: Shelf, id: string, tx?: Tx): Promise<Linked | undefined> {
    const [row] = await (tx ?? this.database).query<Linked>(`SELECT ${columns} ${live} AND r.id = $3::uuid`, [
      provider,
      kind,
      id,
    ]);
    return row;
  }

  /** In the order in which they came, which does not change under somebody who turns pages. */
  async page(
    { provider, kind }: Shelf,
    question: Question | undefined,
    { startIndex, count }: Page,
  ): Promise<{ total: number; found: Linked[] }> {
    const params: unknown[] = [provider, kind];
    const where = question === undefined ? live : `${live} AND ${conditionOf(question, params)}`;
    const [sum] = await this.database.query<{ total: number }>(`SELECT count(*)::int AS total ${where}`, params);
    const n = params.length;
    const found = await this.database.query<Linked>(
      `SELECT ${columns} ${where} ORDER BY r.n OFFSET $${String(n + 1)} LIMIT $${String(n + 2)}`,
      [...params, startIndex - 1, count],
    );
    return { total: sum?.total ?? 0, found };
  }

  /** Another resource of this provider that has this name already, without regard to case. */
  async hasName(
    { provider, kind }: Shelf,
    { name, except }: { name: string; except: string },
    tx: Tx,
  ): Promise<boolean> {
    const attribute = kind === 'people' ? 'userName' : 'displayName';
    const rows = await tx.query(
      `SELECT 1 ${live} AND lower(r.resource ->> '${attribute}') = lower($3) AND r.id <> $4::uuid LIMIT 1`,
      [provider, kind, name, except],
    );
    return rows.length > 0;
  }

  /** The entry that holds a name which no two may hold. */
  async holderOf(claim: string, tx: Tx): Promise<{ kind: string; id: string } | undefined> {
    const [row] = await tx.query<{ kind: string; id: string }>('SELECT kind, id FROM claims WHERE claim = $1', [claim]);
    return row;
  }

  /** Whether some provider has this entry now, and whether this one ever made it. */
  async historyOf({ provider, kind }: Shelf, entryId: string, tx: Tx): Promise<{ isHeld: boolean; wasMade: boolean }> {
    const [row] = await tx.query<{ isHeld: boolean; wasMade: boolean }>(
      `SELECT COALESCE(bool_or(r.removed_at IS NULL AND NOT e.deleted), false) AS "isHeld",
              COALESCE(bool_or(r.made AND r.provider = $1), false) AS "wasMade"
         FROM scim_resources r JOIN entries e ON e.kind = r.kind AND e.id = r.entry_id
        WHERE r.kind = $2 AND r.entry_id = $3`,
      [provider, kind, entryId],
    );
    return row ?? { isHeld: false, wasMade: false };
  }

  /** Ends what a registrar's deletion of the entry has left behind, so that the entry can be linked anew. */
  async add({ id, provider, kind, entry_id, made, resource, at }: NewLink, tx: Tx): Promise<void> {
    await tx.query(
      'UPDATE scim_resources SET removed_at = $3 WHERE kind = $1 AND entry_id = $2 AND removed_at IS NULL',
      [kind, entry_id, at],
    );
    await tx.query(
      `INSERT INTO scim_resources (id, provider, kind, entry_id, made, resource, revision, created_at, changed_at)
       VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $7)`,
      [id, provider, kind, entry_id, made, JSON.stringify(resource), at],
    );
  }

  async keep(id: string, resource: Doc, at: Date, tx: Tx): Promise<void> {
    await tx.query(
      `UPDATE scim_resources SET resource = $2, revision = revision + 1, changed_at = $3
        WHERE id = $1::uuid AND resource <> $2::jsonb`,
      [id, JSON.stringify(resource), at],
    );
  }

  /** The row stays: it says that the entry was this provider's. */
  async end(id: string, at: Date, tx: Tx): Promise<void> {
    await tx.query('UPDATE scim_resources SET removed_at = $2 WHERE id = $1::uuid', [id, at]);
  }

  /** The entries of these users; ids that name none of this provider's are left out. */
  async peopleBy(provider: string, ids: readonly string[], tx: Tx): Promise<Member[]> {
    return tx.query<Member>(`SELECT r.id, r.entry_id ${live} AND r.id = ANY($3::uuid[])`, [provider, 'people', ids]);
  }

  /** Which of these people are this provider's users. */
  async usersAmong(provider: string, entryIds: readonly string[], tx?: Tx): Promise<Member[]> {
    return (tx ?? this.database).query<Member>(
      `SELECT r.id, r.entry_id ${live} AND r.entry_id = ANY($3::text[]) ORDER BY r.n`,
      [provider, 'people', entryIds],
    );
  }

  /** Those of these people who are registered, by whoever. */
  async registered(entryIds: readonly string[], tx: Tx): Promise<string[]> {
    const rows = await tx.query<{ id: string }>(
      "SELECT id FROM entries WHERE kind = 'people' AND NOT deleted AND id = ANY($1::text[])",
      [entryIds],
    );
    return rows.map(({ id }) => id);
  }

  /** This provider's groups that hold this person. */
  async groupsWith(provider: string, entryId: string, tx: Tx): Promise<Linked[]> {
    return tx.query<Linked>(`SELECT ${columns} ${live} AND e.spec -> 'members' ? $3 ORDER BY r.n`, [
      provider,
      'groups',
      entryId,
    ]);
  }
}
