import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { leastBytes, NeedleSearch } from './needle-search.js';
import { processesWith } from './processes.js';
import { formsOf, unpacked } from './secret-forms.js';

/** Where a secret was found. The secret itself is named and never shown. */
export interface Leak {
  secret: string;
  where: string;
}

/** Secrets under a name each, and everything that is searched for them. */
export class SecretScan {
  readonly #secrets = new Map<string, Set<string>>();
  #search: { needles: NeedleSearch; names: string[] } | undefined;

  add(name: string, ...values: string[]): void {
    const known = this.#secrets.get(name) ?? new Set();
    this.#secrets.set(name, known);
    for (const value of values) {
      if (value.length < leastBytes) throw new Error(`${name} is too short to be searched for`);
      known.add(value);
    }
    this.#search = undefined;
  }

  /** Names, each with how many there are. */
  get known(): Map<string, number> {
    return new Map([...this.#secrets].map(([name, values]) => [name, values.size]));
  }

  /** Every file below a folder, byte for byte; but Kafka's indexes, which hold positions alone and are 10 MB each from the start. */
  inFolder(dir: string, isHome: (file: string) => boolean = () => false): Leak[] {
    if (this.#secrets.size === 0) return [];
    const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).map((name) => join(dir, name));
    return files
      .filter((file) => !/\.(?:time)?index$/u.test(file) && !isHome(file) && isFile(file))
      .flatMap((file) => this.inBytes(readFileSync(file), file));
  }

  /** Arguments and environment of every process that has this text in one of them. Only where there is /proc. */
  inProcesses(text: string): Leak[] {
    return processesWith(text).flatMap((pid) => ['cmdline', 'environ'].flatMap((what) => this.#ofProcess(pid, what)));
  }

  inBytes(bytes: Buffer, where: string): Leak[] {
    const { needles, names } = this.#prepared();
    const found = [bytes, ...unpacked(bytes)].flatMap((part) => [...needles.find(part)]);
    return [...new Set(found.map((index) => names[index] ?? ''))].map((secret) => ({ secret, where }));
  }

  #ofProcess(pid: number, what: string): Leak[] {
    try {
      return this.inBytes(readFileSync(`/proc/${String(pid)}/${what}`), `${what} of process ${String(pid)}`);
    } catch {
      // It has ended.
      return [];
    }
  }

  #prepared(): { needles: NeedleSearch; names: string[] } {
    if (this.#search !== undefined) return this.#search;
    const all = [...this.#secrets].flatMap(([name, values]) =>
      [...values].flatMap((value) => formsOf(value).map((form) => ({ name, form }))),
    );
    this.#search = { needles: new NeedleSearch(all.map(({ form }) => form)), names: all.map(({ name }) => name) };
    return this.#search;
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
