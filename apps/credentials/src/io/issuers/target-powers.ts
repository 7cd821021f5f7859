import { Injectable } from '@nestjs/common';
import type { Known } from '#contracts';
import type { Login, Seen } from '../../core/outsiders.js';
import type { Power } from '../../core/width.js';
import { TargetPools } from './target-pools.js';

/** Somebody is waiting, and a catalogue can be large. */
const withinMs = 4_000;

/** What the catalogue of a target says about who can do what there. */
@Injectable()
export class TargetPowers {
  constructor(private readonly targets: TargetPools) {}

  /** What the installed profiles can do; none for what is no database. Throws a Fault when the target does not answer, or is too old to. */
  async ofProfiles({ spec }: Known<'targets'>): Promise<Power[]> {
    if (spec.kind !== 'postgres') return [];
    const sql = 'SELECT profile, power, detail FROM sallyport.powers()';
    return this.targets.look<Power>(spec.connection_secret, { sql, params: [], withinMs });
  }

  /** Who logs in there without the gate, and reaches what the profiles are for. Throws as `ofProfiles` does. */
  async ofOutsiders(secret: string): Promise<Seen> {
    const sql = `SELECT clock_timestamp() AS at, coalesce(json_agg(o), '[]') AS logins FROM sallyport.outsiders() o`;
    const [row] = await this.targets.look<{ at: Date; logins: Login[] }>(secret, { sql, params: [], withinMs });
    if (row === undefined) throw new TypeError('the target gave no row');
    return row;
  }
}
