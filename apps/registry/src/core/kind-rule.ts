import type { ProblemCode, RegistryKind, SpecOf } from '#contracts';

/** Why a change is refused; `detail` names the place and holds nothing that the caller did not send or may not see. */
export interface Objection {
  code: ProblemCode;
  detail: string;
}

export interface Reference {
  kind: RegistryKind;
  id: string;
}

/** The live entries that `references` named, as the registry holds them in this transaction. */
export type Held = <K extends RegistryKind>(kind: K, id: string) => SpecOf<K> | undefined;

/** What one kind asks of an entry beyond its schema. Everything here is pure. */
export interface KindRule<K extends RegistryKind> {
  /** Groups whose members may write entries of this kind. */
  readonly writers: readonly string[];
  /** Entries that must be there. A deletion of one of them later leaves nobody with more rights than before. */
  references: (spec: SpecOf<K>) => Reference[];
  /** Names that no two entries may hold at once (a key, an account). Written to one table, whatever the kind. */
  claims: (spec: SpecOf<K>) => string[];
  objection: (spec: SpecOf<K>, held: Held) => Objection | undefined;
}

export const registrarsOnly: readonly string[] = ['registrars'];

/** Nothing but the schema is asked for these parts. */
export const none = (): [] => [];

export const mismatch = (detail: string): Objection => ({ code: 'schema_mismatch', detail });

export const person = (id: string): Reference => ({ kind: 'people', id });

/** The first value that occurs twice. */
export function repeated(values: readonly string[]): string | undefined {
  return values.find((value, i) => values.indexOf(value) !== i);
}
