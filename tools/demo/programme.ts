import type { Told } from './actors/agent.js';
import type { Scene } from './play.js';

/** What the demo prints: timelines for people, or with `--json` one line for each step. */
export class Programme {
  readonly #failed = new Set<string>();
  readonly #played = new Set<string>();
  #startedAt = performance.now();

  constructor(private readonly json: boolean) {}

  begins({ story, title }: Scene): void {
    this.#startedAt = performance.now();
    if (!this.json) console.log(`\n${story}: ${title}`);
  }

  step({ story }: Scene, { step, action_id, outcome, code }: Told): void {
    if (this.json) {
      const at = new Date().toISOString();
      console.log(JSON.stringify({ story, step, action_id: action_id ?? null, outcome: outcome ?? null, code: code ?? null, at }));
      return;
    }
    const seconds = ((performance.now() - this.#startedAt) / 1_000).toFixed(1).padStart(6);
    console.log(`${seconds} s  ${step.padEnd(24)} ${code ?? ''}`.trimEnd());
  } // prettier-ignore

  /** @param failure Why it is not as it must be; undefined when it is. */
  ends({ story, title }: Scene, failure?: string): void {
    this.#played.add(story);
    if (failure === undefined) {
      if (!this.json) console.log('          as it must be');
      return;
    }
    this.#failed.add(story);
    console.error(`FAILED ${story}: ${title}: ${failure}`);
  }

  /** Prints the sum. True when all stories were played and nothing failed. */
  close(scenes: readonly Scene[]): boolean {
    const stories = new Set(scenes.map(({ story }) => story)).size;
    const failed = this.#failed.size;
    const passed = this.#played.size - failed;
    console.log(this.json ? JSON.stringify({ stories, passed, failed }) : `\n${stories} stories: ${passed} passed, ${failed} failed`);
    return passed === stories;
  } // prettier-ignore
}
