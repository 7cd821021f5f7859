import type { Known, RegistryKind } from '#contracts';
import type { SignedEntry } from './read-entry.js';

export interface Wanted<K extends RegistryKind = RegistryKind> {
  kind: K;
  id: string;
  /** A past version; the current one when absent. */
  version?: number;
}

/** `Known<K>`, one kind at a time, so that of several kinds `kind` tells the spec. */
export type KnownOf<K extends RegistryKind> = K extends RegistryKind ? Known<K> : never;

/** A lookup's answers, in the order asked; null = no such entry, version or key. A deletion is an answer. */
export interface Looked {
  entries: (SignedEntry | null)[];
  kids: (SignedEntry | null)[];
}

/**
 * Reads the registry itself (`POST /v1/lookup`, service JWT) where "now" matters: vote, redeem, consume.
 * No answer in time, or an answer that does not verify, is a retryable Fault and never a yes.
 */
export abstract class RegistryClient {
  abstract lookup(wanted: { entries?: Wanted[]; kids?: string[] }): Promise<Looked>;

  /** The current (or named) version of each, in the order asked. Null = no such entry or version, or deleted. */
  abstract current<K extends RegistryKind>(entries: Wanted<K>[]): Promise<(KnownOf<K> | null)[]>;

  /** The agent that holds each key now. */
  abstract byKids(kids: string[]): Promise<(Known<'agents'> | null)[]>;
}
