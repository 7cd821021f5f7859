/** Counts what held and says what did not. */
export class Report {
  passed = 0;
  failed = 0;

  /** One checked thing: it held when there is nothing to say against it. */
  note(name: string, against: readonly string[] | string | undefined): void {
    const words = against === undefined ? [] : [against].flat();
    if (words.length === 0) {
      this.passed += 1;
      return;
    }
    this.failed += 1;
    for (const word of words) console.error(`${name}: ${word}`);
  }

  /** The line that alone stands at the end. */
  closing(): string {
    return `${String(this.passed)} passed, ${String(this.failed)} failed`;
  }
}
