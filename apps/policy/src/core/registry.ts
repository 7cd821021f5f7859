import type { Known, RegistryKind } from '#contracts';

/** What is registered, at one moment. The rules never see it; facts are taken from it. */
export interface Registry {
  get<K extends RegistryKind>(kind: K, id: string): Known<K> | undefined;
  /** All declared incidents that are registered, ended or not. */
  incidents(): readonly Known<'incidents'>[];
  /** The environments of the registered resources that a profile covers, sorted. */
  environmentsOf(profile: Known<'profiles'>): Environment[];
}

export type Environment = Known<'resources'>['spec']['environment'];

export function isActivePerson(registry: Registry, person: string): boolean {
  return registry.get('people', person)?.spec.state === 'active';
}
