import { describe, expect, it } from '@jest/globals';
import { withinOffer, type Terms } from './terms.js';

const terms: Terms = {
  profile: 'p',
  profileVersion: 2,
  issuer: 'token',
  target: 't',
  ttlSeconds: 300,
  uses: 5,
  groups: [],
};

describe('what a redeem gives', () => {
  it('is at most what was offered, also where the profile allows more by now', () => {
    expect(withinOffer({ ttlSeconds: 60, usesLeft: 2 }, terms)).toEqual({ ...terms, ttlSeconds: 60, uses: 2 });
  });

  it('is less where less is allowed by now', () => {
    expect(withinOffer({ ttlSeconds: 600, usesLeft: 9 }, terms)).toEqual(terms);
  });
});
