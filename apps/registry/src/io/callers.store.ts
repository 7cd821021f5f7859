import { person, type Known } from '#contracts';
import { Database, type Tx } from '#database';
import { Injectable } from '@nestjs/common';
import { identityClaim } from '../core/kinds/people.js';

export interface KnownPerson {
  id: string;
  isActive: boolean;
  groups: string[];
}

interface PersonRow {
  id: string;
  version: number;
  spec: unknown;
  changed_by: string;
  changed_at: Date;
}

/** Who a person is and which groups hold that person: read at the moment of the call, never from a token. */
@Injectable()
export class CallersStore {
  constructor(private readonly database: Database) {}

  async byId(id: string, tx?: Tx): Promise<KnownPerson | undefined> {
    const rows = await (tx ?? this.database).query<KnownPerson>(
      `SELECT p.id, p.spec ->> 'state' = 'active' AS "isActive",
              ARRAY(SELECT g.id FROM entries g
                     WHERE g.kind = 'groups' AND NOT g.deleted AND g.spec -> 'members' ? p.id) AS groups
         FROM entries p
        WHERE p.kind = 'people' AND p.id = $1 AND NOT p.deleted`,
      [id],
    );
    return rows[0];
  }

  /** Linked identities are one person. */
  async byIdentity(iss: string, sub: string): Promise<Known<'people'> | undefined> {
    const [row] = await this.database.query<PersonRow>(
      `SELECT p.id, p.version, p.spec, p.changed_by, p.changed_at
         FROM claims c JOIN entries p ON p.kind = c.kind AND p.id = c.id
        WHERE c.claim = $1 AND p.kind = 'people' AND NOT p.deleted`,
      [identityClaim({ iss, sub })],
    );
    if (row === undefined) return undefined;
    return { ...row, kind: 'people', spec: person.parse(row.spec), changed_at: row.changed_at.toISOString() };
  }
}
