import { z } from 'zod';

export const registryKinds = [
  'agents', 'people', 'groups', 'action-types', 'resources', 'counterparties', 'incidents', 'profiles', 'targets',
] as const; // prettier-ignore
export const registryKind = z.enum(registryKinds);
export type RegistryKind = z.infer<typeof registryKind>;

/** Groups that exist without being registered; registering one of these names gives it members. */
export const builtInGroups = ['registrars', 'auditors', 'security-officers', 'soc-lead', 'break-glass'] as const;

/** An entry names only entries of kinds before its own, so a file is registered in this order, whatever order it is written in. */
export const applyOrder: readonly RegistryKind[] = [
  'people', 'groups', 'action-types', 'targets', 'profiles', 'resources', 'counterparties', 'agents', 'incidents',
]; // prettier-ignore
