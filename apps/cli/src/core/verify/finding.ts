/** The first thing that is wrong with an export, and where. Verification stops there: what comes after proves nothing. */
export class Broken extends Error {
  constructor(
    readonly file: 'checkpoint' | 'manifest' | 'keys.json' | 'entries.ndjson' | 'since' | 'key',
    readonly what: string,
    /** From 1. */
    readonly line?: number,
  ) {
    super(line === undefined ? `${file}: ${what}` : `${file} line ${String(line)}: ${what}`);
    this.name = 'Broken';
  }
}
