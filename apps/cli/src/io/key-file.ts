import { closeSync, fsyncSync, openSync, renameSync, statSync, writeSync } from 'node:fs';

/** A file of keys that cannot be read or written, or is not what it should be. */
export class BadKeyFile extends Error {}

/** How long ago a file was changed, in seconds. */
export function ageOf(path: string, now = Date.now()): number {
  return (now - statSync(path).mtimeMs) / 1_000;
}

/**
 * Puts new content in the place of a file, whole or not at all, with the mode of the one before. Throws BadKeyFile; what
 * stood there stays then. Two runs at once cannot both write: the second one finds the first one's copy.
 */
export function replaceFile(path: string, content: object): void {
  const { mode } = statSync(path);
  const next = `${path}.next`;
  try {
    const file = openSync(next, 'wx', mode & 0o777);
    writeSync(file, `${JSON.stringify(content, null, 2)}\n`);
    fsyncSync(file);
    closeSync(file);
    renameSync(next, path);
  } catch (cause) {
    const isThere = (cause as { code?: unknown }).code === 'EEXIST';
    const why = isThere ? 'another run is writing it, or one was cut off: look, and remove it' : 'cannot be written';
    throw new BadKeyFile(`${next}: ${why}`, { cause });
  }
}
