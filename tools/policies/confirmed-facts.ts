import type { Catalogue } from '../../apps/policy/src/core/catalogue.js';

/**
 * Facts that move while nothing about the action or those behind it does: with the clock, or with whatever else its agent or others ask
 * for. `context.velocity` is none of them: it is kept with the action.
 */
const moving = ['context.at', 'context.spend', 'context.open_reviews'];

/**
 * What is wrong with the points that people confirm. Policy is asked again at a vote and at redeem, and a confirmed fact that differs
 * makes the votes void: beside a moving fact no vote for a busy agent would ever count.
 */
export function lintConfirmations(catalogue: Catalogue): string[] {
  return Object.entries(catalogue).flatMap(([rule, { confirmations }]) =>
    confirmations.flatMap(({ id, fact }) =>
      fact === undefined || !moving.some((path) => fact === path || fact.startsWith(`${path}.`))
        ? []
        : [`${rule}: ${id} is confirmed beside ${fact}, which moves by itself`],
    ),
  );
}
