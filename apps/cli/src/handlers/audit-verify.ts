import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { registryChanged } from '#contracts';
import { Trust } from '#trust';
import { EvidenceReader, type EvidenceCounts } from '../core/verify/evidence-reader.js';
import { Broken } from '../core/verify/finding.js';
import { History } from '../core/verify/history.js';
import { LogReader } from '../core/verify/log-reader.js';

export interface Verified extends EvidenceCounts {
  origin: string;
  entries: string;
  registry_entries: number;
  since?: string;
}

export interface VerifyOptions {
  /** The verifier key itself, or a file that holds it. */
  key: string;
  /** A checkpoint file of earlier. */
  since?: string;
  /** Further addresses of intake that requests were signed for. */
  intake?: string[];
}

/**
 * Reads an export twice, line by line: first the log itself and every registry entry, then what the events prove. Needs no
 * network and no database. Throws `Broken` at the first thing that is wrong.
 */
export async function verifyExport(folder: string, options: VerifyOptions): Promise<Verified> {
  const since = options.since === undefined ? undefined : readText('since', options.since);
  const head = {
    checkpoint: readText('checkpoint', join(folder, 'checkpoint')),
    manifest: readText('manifest', join(folder, 'manifest')),
    keys: readText('keys.json', join(folder, 'keys.json')),
    verifierKey: existsSync(options.key) ? readText('key', options.key) : options.key,
    since,
  };
  const log = new LogReader(head);
  const trust = new Trust(log.keys);
  const history = new History();
  const entries = join(folder, 'entries.ndjson');
  await eachLine(entries, (text, line) => {
    const event = log.entry(text, line);
    if (event.type === registryChanged.type && event.value !== undefined) {
      history.add(registryChanged.data.parse(JSON.parse(event.value.toString('utf8'))).entry, trust, line);
    }
  });
  log.finish();
  const doors = [
    `${trust.gate}/sallyport.requests.v1`,
    ...(options.intake ?? []).map((url) => `${url.replace(/\/+$/u, '')}/v1/actions`),
  ];
  const evidence = new EvidenceReader(trust, history, doors);
  const again = new LogReader({ ...head, since: undefined });
  await eachLine(entries, (text, line) => {
    evidence.event(again.entry(text, line));
  });
  return {
    origin: log.checkpoint.origin,
    entries: String(log.checkpoint.size),
    registry_entries: history.count,
    ...evidence.finish(),
    ...(since === undefined ? {} : { since: since.split('\n')[1] ?? '' }),
  };
}

type File = ConstructorParameters<typeof Broken>[0];

function readText(file: File, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new Broken(file, `cannot be read at ${path}`);
  }
}

async function eachLine(path: string, visit: (text: string, line: number) => void): Promise<void> {
  if (!existsSync(path)) throw new Broken('entries.ndjson', `cannot be read at ${path}`);
  let line = 0;
  // Only the newline ends a line: readline would also break at a carriage return, and so hide a changed byte.
  for await (const text of newlineSplit(path)) visit(text, (line += 1));
}

async function* newlineSplit(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(path, 'utf8')) {
    const parts = (rest + String(chunk)).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  if (rest !== '') throw new Broken('entries.ndjson', 'the last line is cut off');
}
