import type { RegistryKind } from '#contracts';
import { Database, type Tx } from '#database';
import { Injectable } from '@nestjs/common';
import type { NewVersion } from './entries.store.js';

export interface StoredVersion {
  version: number;
  deleted: boolean;
  entry: string;
  changed_by: string;
  changed_at: Date;
  reason: string | null;
}

/** Every version that there ever was, signed. Rows are added and never changed. */
@Injectable()
export class VersionsStore {
  constructor(private readonly database: Database) {}

  async add(tx: Tx, next: NewVersion): Promise<void> {
    await tx.query(
      `INSERT INTO entry_versions (kind, id, version, deleted, entry, changed_by, changed_at, reason)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        next.kind,
        next.id,
        next.version,
        next.deleted,
        next.entry,
        next.changed_by,
        next.changed_at,
        next.reason ?? null,
      ],
    );
  }

  /** Newest first. */
  async of(
    kind: RegistryKind,
    id: string,
    { before, most }: { before: number; most: number },
  ): Promise<StoredVersion[]> {
    return this.database.query<StoredVersion>(
      `SELECT version, deleted, entry, changed_by, changed_at, reason FROM entry_versions
        WHERE kind = $1 AND id = $2 AND version < $3 ORDER BY version DESC LIMIT $4`,
      [kind, id, before, most],
    );
  }
}
