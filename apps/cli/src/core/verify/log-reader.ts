import { z } from 'zod';
import {
  append,
  commitment,
  LineHash, canonical, emptyFrontier, leafHash, openNote, parseCheckpoint, parseVerifierKey, rootOf, trustFile,
  type Checkpoint, type Frontier, type NoteVerifier, type TrustFile,
} from '#trust'; // prettier-ignore
import { Broken } from './finding.js';

const leafShape = z.strictObject({
  type: z.string(),
  id: z.string(),
  source: z.string(),
  subject: z.string(),
  topic: z.string(),
  partition: z.int(),
  offset: z.string(),
  time: z.string(),
  value_hmac: z.string(),
});

const entryShape = z.strictObject({
  seq: z.string(),
  leaf: z.string(),
  value: z.string().optional(),
  salt: z.string().optional(),
});

/** One event of the log; `value` is undefined when it was erased. */
export interface LoggedEvent extends z.infer<typeof leafShape> {
  line: number;
  value: Buffer | undefined;
}

export interface ExportHead {
  checkpoint: string;
  manifest: string;
  keys: string;
  /** What the auditor kept: the verifier key, and perhaps a checkpoint of earlier. */
  verifierKey: string;
  since?: string | undefined;
}

/** Checks the log itself, line by line: signatures of the notes, hashes of the files, every leaf, and the roots. */
export class LogReader {
  readonly checkpoint: Checkpoint;
  readonly keys: TrustFile;
  readonly #since: Checkpoint | undefined;
  readonly #entriesHash: string;
  readonly #hash = new LineHash();
  #frontier: Frontier = emptyFrontier;

  /** Throws `Broken`. */
  constructor(head: ExportHead) {
    const by = parseVerifierKey(head.verifierKey);
    if (by === undefined) throw new Broken('key', 'is not a verifier key of the form name+id+base64');
    this.checkpoint = openCheckpoint('checkpoint', head.checkpoint, by);
    this.#since = head.since === undefined ? undefined : openCheckpoint('since', head.since, by);
    if (this.#since !== undefined && this.#since.size > this.checkpoint.size) {
      throw new Broken('checkpoint', 'is of a shorter log than the checkpoint that was kept');
    }
    const manifest = openManifest(head.manifest, by, this.checkpoint);
    if (hashOf(head.keys) !== manifest.keys) {
      throw new Broken('keys.json', 'is not the file that the manifest was signed for');
    }
    this.#entriesHash = manifest.entries;
    this.keys = readKeys(head.keys);
    this.#compareSince();
  }

  /** @param text one line of `entries.ndjson`, without its newline */
  entry(text: string, line: number): LoggedEvent {
    this.#hash.add(text);
    const { seq, leaf, value, salt } = read(entryShape, text, line);
    if (seq !== String(this.#frontier.size))
      throw new Broken('entries.ndjson', `number ${seq} is out of sequence`, line);
    const event = read(leafShape, leaf, line);
    if (canonical(event) !== leaf) throw new Broken('entries.ndjson', 'the leaf is not in canonical form', line);
    this.#frontier = append(this.#frontier, [leafHash(Buffer.from(leaf, 'utf8'))]);
    this.#compareSince(line);
    return { ...event, line, value: committed(event.value_hmac, value, salt, line) };
  }

  /** After the last line. */
  finish(): void {
    const { size, root } = this.checkpoint;
    if (this.#frontier.size !== size) {
      throw new Broken(
        'entries.ndjson',
        `has ${String(this.#frontier.size)} entries; the checkpoint says ${String(size)}`,
      );
    }
    if (!rootOf(this.#frontier).equals(root))
      throw new Broken('entries.ndjson', 'the entries do not add up to the signed root');
    if (this.#hash.done().toString('base64') !== this.#entriesHash) {
      throw new Broken('entries.ndjson', 'is not the file that the manifest was signed for');
    }
  }

  /** History up to the kept checkpoint must be the same history. */
  #compareSince(line?: number): void {
    if (this.#since?.size !== this.#frontier.size) return;
    if (!rootOf(this.#frontier).equals(this.#since.root)) {
      throw new Broken(
        'entries.ndjson',
        'history was rewritten: it does not lead to the checkpoint that was kept',
        line,
      );
    }
  }
}

function openCheckpoint(file: 'checkpoint' | 'since', note: string, by: NoteVerifier): Checkpoint {
  const text = openNote(note, by);
  if (text === undefined) throw new Broken(file, 'is not signed by the key that was kept');
  const checkpoint = parseCheckpoint(text);
  if (checkpoint?.origin !== by.name) throw new Broken(file, 'is not a checkpoint of this log');
  return checkpoint;
}

function openManifest(note: string, by: NoteVerifier, { origin, size }: Checkpoint): { entries: string; keys: string } {
  const text = openNote(note, by);
  if (text === undefined) throw new Broken('manifest', 'is not signed by the key that was kept');
  const [first, second, entries, keys, ...rest] = text.split('\n');
  const isOurs = first === `${origin}/export` && second === String(size) && rest.length === 1;
  if (!isOurs || entries === undefined || keys === undefined) throw new Broken('manifest', 'is of another export');
  return { entries, keys };
}

/** `keys.json` is one line. */
function hashOf(text: string): string {
  return text.endsWith('\n') ? new LineHash().add(text.slice(0, -1)).done().toString('base64') : '';
}

function readKeys(text: string): TrustFile {
  const parsed = trustFile.safeParse(parse(text));
  if (!parsed.success) throw new Broken('keys.json', 'is not a list of gate keys');
  return parsed.data;
}

/** The value, if it is what was committed to. Erased values have neither value nor salt. */
function committed(
  expected: string,
  value: string | undefined,
  salt: string | undefined,
  line: number,
): Buffer | undefined {
  if (value === undefined && salt === undefined) return undefined;
  if (value === undefined || salt === undefined)
    throw new Broken('entries.ndjson', 'has a value or a salt, but not both', line);
  const bytes = Buffer.from(value, 'base64');
  if (commitment(bytes, Buffer.from(salt, 'base64')) !== expected)
    throw new Broken('entries.ndjson', 'the value is not the one that was committed to', line);
  return bytes;
}

function read<S extends z.ZodType>(shape: S, text: string, line: number): z.output<S> {
  const parsed = shape.safeParse(parse(text));
  if (!parsed.success) throw new Broken('entries.ndjson', 'is not an entry of an export', line);
  return parsed.data;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
