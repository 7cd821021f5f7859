import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';

/** Where a secret was found. The secret itself is named and never shown. */
export interface Leak {
  secret: string;
  where: string;
}

/** Secrets under a name each; anything that is searched for has at least 16 characters, or chance would find it. */
export class SecretScan {
  readonly #secrets = new Map<string, Set<string>>();

  add(name: string, ...values: string[]): void {
    const known = this.#secrets.get(name) ?? new Set();
    this.#secrets.set(name, known);
    for (const value of values) {
      if (value.length < 16) throw new Error(`${name} is too short to be searched for`);
      known.add(value);
    }
  }

  /** Names, each with how many there are. */
  get known(): Map<string, number> {
    return new Map([...this.#secrets].map(([name, values]) => [name, values.size]));
  }

  /** Every file below a folder, byte for byte; but Kafka's indexes, which hold positions alone and are 10 MB each from the start. */
  inFolder(dir: string): Leak[] {
    const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).map((name) => join(dir, name));
    return files
      .filter((file) => !/\.(?:time)?index$/u.test(file) && statSync(file).isFile())
      .flatMap((file) => this.#in(readFileSync(file), file));
  }

  /** Every row of every table of these schemas, as text. */
  async inDatabase(url: string, schemas: readonly string[]): Promise<Leak[]> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      const { rows: tables } = await client.query<{ name: string }>(
        `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
         WHERE table_schema = ANY($1) AND table_type = 'BASE TABLE'`,
        [schemas],
      );
      const leaks: Leak[] = [];
      for (const { name } of tables) {
        // bytea as text is hexadecimal: what is inside must be looked at as it is.
        const { rows } = await client.query<Record<string, unknown>>(`SELECT * FROM ${name}`);
        const values = rows.flatMap((row) => Object.values(row).map(bytesOf));
        leaks.push(...this.#in(Buffer.concat(values.flatMap((value) => [value, separator])), name));
      }
      return leaks;
    } finally {
      await client.end();
    }
  }

  #in(bytes: Buffer, where: string): Leak[] {
    const leaks: Leak[] = [];
    for (const [secret, values] of this.#secrets) {
      if ([...values].some((value) => formsOf(value).some((form) => bytes.includes(form))))
        leaks.push({ secret, where });
    }
    return leaks;
  }
}

/** No secret goes over the end of a value. */
const separator = Buffer.from([0]);

function bytesOf(value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return value;
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
}

/** As it is, and as it looks inside base64 text: there, its place decides about the first and last characters. */
function formsOf(value: string): string[] {
  const inside = [0, 1, 2].map((shift) => {
    const text = Buffer.from('x'.repeat(shift) + value).toString('base64');
    return text.slice(shift === 0 ? 0 : 4, -4);
  });
  return [value, ...inside];
}
