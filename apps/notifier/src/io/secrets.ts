import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Secrets by name, one file each. Read when needed, so that a rotated secret is used without a restart. */
export class Secrets {
  constructor(private readonly folder: string) {}

  /** Undefined when there is no such secret, or its name could leave the folder. */
  async read(name: string): Promise<string | undefined> {
    if (!/^[a-z0-9][a-z0-9._-]{0,127}$/iu.test(name)) return undefined;
    try {
      return (await readFile(join(this.folder, name), 'utf8')).trim();
    } catch {
      return undefined;
    }
  }
}
