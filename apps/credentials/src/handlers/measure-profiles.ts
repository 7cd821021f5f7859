import { Injectable } from '@nestjs/common';
import { issuerKinds, type Known, type Width, type WidthsAnswer } from '#contracts';
import { RegistryCopy } from '#facts';
import { Log } from '#platform';
import type { CallerOf } from '#trust/http';
import { leftAtTarget, told, widerAtTarget, widerThanUsed } from '../core/width.js';
import { TargetPowers } from '../io/issuers/target-powers.js';
import { PolicyClient } from '../io/policy.client.js';
import { Officers } from './officers.js';

/** Compares each profile with who may use it, with the rules, and with what its target would let it do. */
@Injectable()
export class MeasureProfiles {
  constructor(
    private readonly officers: Officers,
    private readonly copy: RegistryCopy,
    private readonly policy: PolicyClient,
    private readonly powers: TargetPowers,
    private readonly log: Log,
  ) {}

  /** Throws ProblemError `not_found` for whoever may not look. What does not answer is a line, never a silence. */
  async handle(caller: CallerOf<'person'>): Promise<WidthsAnswer> {
    this.officers.mustSee(caller);
    const profiles = this.copy.all('profiles');
    const [agents, resources] = [this.copy.all('agents'), this.copy.all('resources')];
    const targets = this.copy.all('targets').filter(({ spec }) => spec.kind === 'postgres');
    const [caps, ...there] = await Promise.all([
      this.policy.caps(),
      ...targets.map((target) => this.atTarget(target, profiles)),
    ]);
    const used = profiles.flatMap((profile) => widerThanUsed(profile, { agents, resources, caps }));
    return { profiles: profiles.map(({ id }) => id), wide: [...used, ...there.flat()] };
  }

  private async atTarget(target: Known<'targets'>, all: readonly Known<'profiles'>[]): Promise<Width[]> {
    const own = all.filter(({ spec }) => spec.target === target.id && issuerKinds[spec.issuer].target === 'postgres');
    try {
      const powers = await this.powers.ofProfiles(target);
      return [...own.flatMap((one) => widerAtTarget(one, powers)), ...leftAtTarget(target.id, own, powers)];
    } catch (error) {
      this.log.warn('target.not_measured', { target: target.id, error });
      return own.flatMap((one) => told(one, 'target_unknown', ['it does not answer, or its functions are older']));
    }
  }
}
