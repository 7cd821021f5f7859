import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateKeys } from '#trust';

/** The secrets and keys of an embedded gate: made once, kept in files that only their owner can read. */
export class GateFiles {
  constructor(private readonly dir: string) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  }

  /** The same each time it is asked for by this name. */
  password(name: string): string {
    const file = join(this.dir, `${name}.password`);
    if (!existsSync(file)) this.write(`${name}.password`, randomBytes(24).toString('base64url'));
    return readFileSync(file, 'utf8');
  }

  /** Writes a secret anew and gives the path of its file. */
  write(name: string, content: string): string {
    const file = join(this.dir, name);
    writeFileSync(file, content, { mode: 0o600 });
    return file;
  }

  /** A folder below, for secrets that one service reads. */
  folder(name: string): string {
    const folder = join(this.dir, name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  /** The gate's keys. Made in a folder aside first: a gate with half of its keys could never be completed. */
  keys(gateId: string): { trustFile: string; keysFile: (service: string) => string } {
    const keys = join(this.dir, 'keys');
    if (!existsSync(keys)) {
      const aside = `${keys}.new`;
      rmSync(aside, { recursive: true, force: true });
      generateKeys(gateId, aside);
      renameSync(aside, keys);
    }
    return { trustFile: join(keys, 'trust.json'), keysFile: (service) => join(keys, `${service}.keys.json`) };
  }
}
