import { statSync } from 'node:fs';

/** What a file system says about who may use a file. */
export interface Held {
  mode: number;
  uid: number;
}

/** Why a file of secrets must not be used by the user `self`; undefined when only that user, or root, can read and change it. */
export function exposureOf({ mode, uid }: Held, self: number): string | undefined {
  if ((mode & 0o077) !== 0) return 'must be readable by its owner only (mode 0600)';
  return uid === self || uid === 0 ? undefined : 'is owned by another user than the one that reads it';
}

/** The same, of a file that is there. Throws what the file system throws. Where there are no such users (Windows), nothing is said. */
export function exposureOfFile(path: string): string | undefined {
  const self = process.geteuid?.();
  const held = statSync(path);
  return self === undefined ? undefined : exposureOf(held, self);
}
