import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Explanation } from '#contracts';
import { Log } from '#platform';
import { explanationOf } from '../../core/explanation.js';
import { TargetPools, TargetRefusal } from './target-pools.js';

/** In milliseconds: for the target's answer, and for whoever asks, its turn included. */
const withinMs = 800;
const patienceMs = 1_200;

export interface ToExplain {
  secret: string;
  /** As the profile is named at the target. */
  profile: string;
  statement: string;
}

const unavailable: Explanation = { explained: false, why: 'unavailable' };

/** Asks a target for the plan of a statement, which it makes and does not run (`sallyport.explain` of deploy/postgres-target/install.sql). */
@Injectable()
export class Explainer {
  readonly #last = new Map<string, Promise<Explanation>>();

  constructor(
    private readonly targets: TargetPools,
    private readonly log: Log,
  ) {}

  /** Never throws. One at a time at each target: agents may ask as often as they like, and minting needs the connections. */
  async explain(order: ToExplain): Promise<Explanation> {
    const until = performance.now() + patienceMs;
    const before = this.#last.get(order.secret) ?? Promise.resolve();
    const own = before.then(() => (performance.now() < until ? this.#ask(order) : unavailable));
    this.#last.set(order.secret, own);
    return Promise.race([own, pause(patienceMs, unavailable, { ref: false })]);
  }

  async #ask({ secret, profile, statement }: ToExplain): Promise<Explanation> {
    const sql = 'SELECT sallyport.explain($1, $2) AS plan';
    try {
      const [row] = await this.targets.look<{ plan: unknown }>(secret, { sql, params: [profile, statement], withinMs });
      return explanationOf(row?.plan);
    } catch (error) {
      this.log.warn('target.no_explanation', { ref: secret, error });
      return whyNone(error);
    }
  }
}

/** SQLSTATE: no such function; cancelled by its time limit. */
const [undefinedFunction, cancelled] = ['42883', '57014'];

function whyNone(error: unknown): Explanation {
  const { code } = ((error as { cause?: unknown }).cause ?? {}) as { code?: unknown };
  // The functions there are older than this, or do not know the profile.
  if (error instanceof TargetRefusal || code === undefinedFunction) return { explained: false, why: 'not_installed' };
  // A statement that takes long to plan is no reason to leave the target alone.
  return code === cancelled ? { explained: false, why: 'refused', sqlstate: cancelled } : unavailable;
}
