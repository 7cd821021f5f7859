import { createWriteStream, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { Unreachable } from '../io/failures.js';
import type { Gate } from '../io/gate.js';
import type { Output } from '../io/output.js';

const first = z.strictObject({ format: z.literal('sallyport.export/1'), checkpoint: z.string(), keys: z.string() });
const last = z.strictObject({ manifest: z.string() });
const everyLines = 10_000;

/** Writes `checkpoint`, `keys.json`, `entries.ndjson` and `manifest` into a folder. Without the manifest there is no export. */
export async function exportLog(gate: Gate, output: Output, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  rmSync(join(folder, 'manifest'), { force: true });
  const response = await gate.fetch('audit', '/v1/export', { timeoutMs: 3_600_000 });
  if (response.body === null) throw new Unreachable('audit sent nothing');
  const lines = createInterface({ input: Readable.fromWeb(response.body), crlfDelay: Infinity })[
    Symbol.asyncIterator
  ]();
  const head = first.safeParse(parse((await lines.next()).value));
  if (!head.success) throw new Unreachable('audit has no checkpoint yet: try again in some seconds');
  writeFileSync(join(folder, 'checkpoint'), head.data.checkpoint);
  writeFileSync(join(folder, 'keys.json'), `${head.data.keys}\n`);
  const { count, manifest } = await writeEntries(lines, join(folder, 'entries.ndjson'), output);
  writeFileSync(join(folder, 'manifest'), manifest);
  output.result(
    { folder, entries: count },
    `${String(count)} entries in ${folder}. Verify: sallyport audit verify ${folder} --key KEY --intake ${gate.urlOf('intake')}`,
  );
}

async function writeEntries(
  lines: AsyncIterator<string>,
  path: string,
  output: Output,
): Promise<{ count: number; manifest: string }> {
  const file = createWriteStream(path);
  let count = 0;
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
    const end = last.safeParse(next.value.startsWith('{"manifest"') ? parse(next.value) : undefined);
    if (end.success) {
      file.end();
      await once(file, 'close');
      return { count, manifest: end.data.manifest };
    }
    if (!file.write(`${next.value}\n`)) await once(file, 'drain');
    count += 1;
    if (count % everyLines === 0) output.note(`  ${String(count)} entries`);
  }
  file.destroy();
  throw new Unreachable('the export broke off: it is not complete, export again');
}

function parse(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}
