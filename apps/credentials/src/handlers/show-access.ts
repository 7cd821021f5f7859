import { Injectable } from '@nestjs/common';
import { ProblemError, type TargetAccess } from '#contracts';
import { RegistryCopy } from '#facts';
import type { CallerOf } from '#trust/http';
import { accessOutside } from '../core/outsiders.js';
import { TargetPowers } from '../io/issuers/target-powers.js';
import { Officers } from './officers.js';

/** What stands at a target beside the gate: who gets there without a lease. */
@Injectable()
export class ShowAccess {
  constructor(
    private readonly officers: Officers,
    private readonly copy: RegistryCopy,
    private readonly powers: TargetPowers,
  ) {}

  /** Throws ProblemError `not_found`, also for what is no database; a retryable Fault when the target does not answer. */
  async handle(caller: CallerOf<'person'>, id: string): Promise<TargetAccess> {
    this.officers.mustSee(caller);
    const spec = this.copy.get('targets', id)?.spec;
    if (spec?.kind !== 'postgres') throw new ProblemError('not_found');
    return accessOutside(id, this.copy.all('agents'), await this.powers.ofOutsiders(spec.connection_secret));
  }
}
