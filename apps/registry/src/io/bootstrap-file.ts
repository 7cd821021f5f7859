import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';

/** The documents of a YAML (or JSON) file; a document that is a list counts as its items. Throws when the file cannot be read as that. */
export class BootstrapFile {
  constructor(readonly path: string | undefined) {}

  async read(path: string): Promise<unknown[]> {
    const documents = parseAllDocuments(await readFile(path, 'utf8'), { uniqueKeys: true, strict: true });
    if (!Array.isArray(documents)) return [];
    const [error] = documents.flatMap(({ errors }) => errors);
    if (error) throw error;
    return documents.flatMap((document): unknown[] => {
      const value: unknown = document.toJS({ maxAliasCount: 0 });
      return Array.isArray(value) ? (value as unknown[]) : [value];
    });
  }
}
