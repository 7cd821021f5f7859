const width = 16;
const everyMs = 10_000;

/** One line when a step starts, one when it ends, and one each ten seconds so that a long one is not taken for a dead one. */
export class Progress {
  #started = new Map();
  #timer;

  begin(name, doing) {
    this.#started.set(name, performance.now());
    this.#line(name, doing);
    this.#timer ??= setInterval(() => this.#stillRunning(), everyMs).unref();
  }

  end(name, result) {
    const seconds = ((performance.now() - this.#started.get(name)) / 1000).toFixed(1);
    this.#started.delete(name);
    this.#line(name, `${result} (${seconds} s)`);
  }

  #stillRunning() {
    for (const [name, at] of this.#started) {
      this.#line(name, `still at it, ${Math.round((performance.now() - at) / 1000)} s`);
    }
  }

  #line(name, text) {
    process.stderr.write(`  ${name.padEnd(width)}${text}\n`);
  }
}
