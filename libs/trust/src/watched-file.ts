import { statSync } from 'node:fs';

const lookEveryMs = 1_000;

/** What an operator is told of a file that may change while the service runs. */
export interface FileState {
  readonly path: string;
  /** How often it was taken up, the first time included. */
  readonly edition: number;
  /** Why what stands there now is not in force; undefined when it is. */
  readonly refused: string | undefined;
}

/**
 * A file that is read again when it changes, without a restart. It is looked at when somebody asks, at most once a second; content that
 * is refused (half written, broken, of another version) changes nothing, is told in `state`, and is looked at again a second later.
 */
export class WatchedFile<T> {
  #seen: string;
  #lookedAt: number;
  #edition = 1;
  #refused: string | undefined;

  /** @param read what the file says now; throws with a reason that names no secret. @param clock in milliseconds */
  constructor(
    readonly path: string,
    private readonly read: (path: string) => T,
    private readonly clock: () => number,
  ) {
    this.#lookedAt = clock();
    this.#seen = appearance(path);
  }

  /** What it says, where that has changed and is accepted. */
  changed(): T | undefined {
    const now = this.clock();
    if (now - this.#lookedAt < lookEveryMs) return undefined;
    this.#lookedAt = now;
    const looks = appearance(this.path);
    // Without a refusal there is nothing to try again; with one, what it was refused for may have changed elsewhere.
    if (looks === this.#seen && this.#refused === undefined) return undefined;
    return this.#take(looks);
  }

  get state(): FileState {
    return { path: this.path, edition: this.#edition, refused: this.#refused };
  }

  #take(looks: string): T | undefined {
    try {
      const content = this.read(this.path);
      if (looks !== this.#seen) this.#edition += 1;
      this.#seen = looks;
      this.#refused = undefined;
      return content;
    } catch (error) {
      this.#refused = error instanceof Error ? error.message : 'cannot be read';
      return undefined;
    }
  }
}

/** What a file looks like from outside. Times alone can be the same for two writes; a copy with old times has another inode. */
function appearance(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? 'absent' : [stat.mtimeMs, stat.ctimeMs, stat.size, stat.ino].join('/');
}
