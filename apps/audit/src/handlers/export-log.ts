import { Injectable } from '@nestjs/common';
import { canonical, LineHash, manifestText, readTrustFile } from '#trust';
import { CheckpointKey } from '../io/checkpoint-key.js';
import { LogStore, type StoredCheckpoint, type StoredLeaf } from '../io/log.store.js';
import { TrustFilePath } from '../io/trust-file-path.js';

/**
 * The whole log up to its last checkpoint, as lines of JSON: first `{format, checkpoint, keys}`, then one line an entry,
 * last `{manifest}`, a signed note over the hashes of the entries and the keys. A client that gets no last line has no export.
 */
@Injectable()
export class ExportLog {
  constructor(
    private readonly log: LogStore,
    private readonly key: CheckpointKey,
    private readonly trust: TrustFilePath,
  ) {}

  async *lines(): AsyncGenerator<string> {
    const checkpoint = await this.log.lastCheckpoint();
    if (checkpoint === undefined) return;
    const keys = canonical(readTrustFile(this.trust.path));
    yield canonical({ format: 'sallyport.export/1', checkpoint: checkpoint.note, keys });
    const entries = new LineHash();
    for await (const line of this.entries(BigInt(checkpoint.size))) {
      entries.add(line);
      yield line;
    }
    yield canonical({ manifest: this.manifest(checkpoint, entries.done(), keys) });
  }

  private async *entries(until: bigint): AsyncGenerator<string> {
    for (let from = 0n; from < until;) {
      const page = await this.log.page(from, until);
      if (page.length === 0) throw new Error('the log has fewer leaves than its checkpoint says');
      for (const leaf of page) yield entryLine(leaf);
      from += BigInt(page.length);
    }
  }

  private manifest(checkpoint: StoredCheckpoint, entries: Buffer, keys: string): string {
    return this.key.sign(
      manifestText(this.key.origin, BigInt(checkpoint.size), entries, new LineHash().add(keys).done()),
    );
  }
}

/** One entry as it stands in an export and in `GET /v1/entries`. Value and salt are absent once erased. */
export function entryLine({ seq, leaf, value, salt }: StoredLeaf): string {
  const erasable =
    value === null || salt === null ? {} : { value: value.toString('base64'), salt: salt.toString('base64') };
  return canonical({ seq, leaf, ...erasable });
}
