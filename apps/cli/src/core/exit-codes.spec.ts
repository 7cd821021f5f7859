import { describe, expect, it } from '@jest/globals';
import { problems, type ProblemCode } from '#contracts';
import { exitCodes, exitOf } from './exit-codes.js';

const statusOf = (code: ProblemCode): number => exitOf({ status: problems[code].status, code });

describe('the exit status', () => {
  it.each<[ProblemCode, keyof typeof exitCodes]>([
    ['already_decided', 'negative'], ['view_changed', 'negative'], ['confirmation_missing', 'negative'], ['not_found', 'negative'],
    ['dependency_unavailable', 'unavailable'], ['rate_limited', 'unavailable'],
    ['not_eligible', 'denied'], ['token_invalid', 'denied'], ['agent_suspended', 'denied'],
    ['expired', 'expired'], ['ended', 'expired'], ['already_redeemed', 'expired'],
  ])('of %s is %s', (code, name) => {
    expect(statusOf(code)).toBe(exitCodes[name]);
  }); // prettier-ignore

  it('of a problem is never that of success or of wrong use', () => {
    for (const code of Object.keys(problems) as ProblemCode[]) expect([1, 3, 4, 5]).toContain(statusOf(code));
  });
});
