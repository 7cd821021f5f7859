import type { Outcome, Refusal } from './outcome.js';

/** Thrown by handlers, answered as RFC 7644 section 3.12 says. Not a fault: nothing is broken. */
export class ScimError extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.detail);
    this.name = 'ScimError';
  }
}

export function orRefuse<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw new ScimError(outcome.refusal);
}

export const notThere = (): ScimError => new ScimError({ status: 404, detail: 'there is no such resource' });
