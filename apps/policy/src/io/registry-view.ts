import { Injectable } from '@nestjs/common';
import { coversResource, type Known, type RegistryKind } from '#contracts';
import { RegistryCopy } from '#facts';
import type { Environment, Registry } from '../core/registry.js';

/** The registry as this process's copy has it, with what would be slow to look up for each action kept ready. */
@Injectable()
export class RegistryView implements Registry {
  private declared: Known<'incidents'>[] | undefined;
  private readonly environments = new Map<string, Environment[]>();

  constructor(private readonly copy: RegistryCopy) {
    copy.onChange(({ kind }) => {
      if (kind === 'incidents') this.declared = undefined;
      if (kind === 'resources' || kind === 'profiles') this.environments.clear();
    });
  }

  get<K extends RegistryKind>(kind: K, id: string): Known<K> | undefined {
    return this.copy.get(kind, id);
  }

  incidents(): readonly Known<'incidents'>[] {
    this.declared ??= this.copy.all('incidents');
    return this.declared;
  }

  environmentsOf(profile: Known<'profiles'>): Environment[] {
    const key = `${profile.id}@${String(profile.version)}`;
    const known = this.environments.get(key);
    if (known !== undefined) return known;
    const covered = this.copy
      .all('resources')
      .filter(({ id }) => profile.spec.resources.some((p) => coversResource(p, id)));
    const environments = [...new Set(covered.map(({ spec }) => spec.environment))].sort();
    this.environments.set(key, environments);
    return environments;
  }
}
