/** Where results and words go. Results are for stdout, with `--json` one line each; words about them are for stderr. */
export class Output {
  constructor(readonly json: boolean) {}

  /** @param text what a person reads; `value` is what `--json` prints instead */
  result(value: unknown, text: string): void {
    process.stdout.write(`${this.json ? JSON.stringify(value) : text}\n`);
  }

  note(text: string): void {
    if (!this.json) process.stderr.write(`${text}\n`);
  }
}
