import { safeText } from '#trust';

/**
 * Where results and words go. Results are for stdout, with `--json` one line each; words about them are for stderr. Nothing
 * that others wrote reaches the terminal with its control characters.
 */
export class Output {
  constructor(readonly json: boolean) {}

  /** @param text what a person reads; `value` is what `--json` prints instead */
  result(value: unknown, text: string): void {
    process.stdout.write(`${this.json ? JSON.stringify(value) : safeText(text, { lines: true })}\n`);
  }

  note(text: string): void {
    if (!this.json) this.always(text);
  }

  /** What a person must be able to see even when only a program reads the results. */
  always(text: string): void {
    process.stderr.write(`${safeText(text, { lines: true })}\n`);
  }
}
