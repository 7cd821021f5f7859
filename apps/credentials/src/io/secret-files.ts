import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '#platform';

/** A name is a file name and nothing else: no path, no dot in front. */
const secretName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/u;

/** Secrets by name, one file each. Read anew each time, so that a changed secret counts from the next connection on. */
export class SecretFiles {
  constructor(private readonly dir: string) {}

  /** Throws a retryable Fault when there is none: an operator can add it, and until then nothing works at that target. */
  async read(name: string): Promise<string> {
    if (!secretName.test(name)) throw missing(undefined);
    try {
      return (await readFile(join(this.dir, name), 'utf8')).trim();
    } catch (cause) {
      throw missing(cause);
    }
  }
}

function missing(cause: unknown): Fault {
  const message = 'the secret for the connection to a target cannot be read';
  return new Fault('target_unavailable', { retryable: true, message, cause });
}
