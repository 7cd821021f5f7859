import { describe, expect, it } from '@jest/globals';
import { aProfile } from '../registry.fixture.js';
import { aRequest } from '../requests.fixture.js';
import { grantOf } from './grant.js';

const obligations = (ttl: number, uses: number, offer = 300) => ({
  approvals: [], approval_ttl_s: 1, credential: { ttl_s: ttl, max_uses: uses }, offer_ttl_s: offer, post_review: [], notify: [],
}); // prettier-ignore
const profile = (ttl: number, uses: number) =>
  aProfile('share-once', ['data.share'], ['prod/customers'], { max_ttl_seconds: ttl, uses });
const asked = (ttl: number, uses?: number) =>
  aRequest('share', { access: { ttl_seconds: ttl, ...(uses !== undefined && { uses }) } });

describe('a grant', () => {
  it.each([
    {
      by: 'asked',
      request: asked(60, 2),
      rules: obligations(900, 5),
      registered: profile(600, 4),
      ttl_seconds: 60,
      uses: 2,
    },
    {
      by: 'the rules',
      request: asked(600, 5),
      rules: obligations(90, 3),
      registered: profile(600, 4),
      ttl_seconds: 90,
      uses: 3,
    },
    {
      by: 'the profile',
      request: asked(600, 5),
      rules: obligations(900, 5),
      registered: profile(30, 1),
      ttl_seconds: 30,
      uses: 1,
    },
  ])('is the least of the three: $by', ({ request, rules, registered, ttl_seconds, uses }) => {
    expect(grantOf(request, registered, rules)).toMatchObject({ ttl_seconds, uses });
  });

  it('is for exactly this action on this resource', () => {
    expect(grantOf(asked(60), profile(600, 1), obligations(900, 1))).toMatchObject({
      profile: { id: 'share-once', version: 1 },
      scope: { action: 'data.share', resource: { type: 'postgres.table', id: 'prod/customers' } },
      uses: 1,
    });
  });

  it('pays once, however often it was asked for', () => {
    const refund = aRequest('refund', { access: { uses: 5 } });
    expect(grantOf(refund, profile(600, 5), obligations(900, 5))?.uses).toBe(1);
  });

  it('keeps an offer open for an hour at most', () => {
    expect(grantOf(asked(60), profile(600, 1), obligations(900, 1, 99_999))?.offer_ttl_seconds).toBe(3_600);
  });

  it.each([
    ['no profile', undefined, obligations(900, 1)],
    ['no time', profile(600, 1), obligations(0, 1)],
    ['half a second', profile(600, 1), obligations(0.5, 1)],
    ['no use', profile(600, 1), obligations(900, 0)],
    ['no offer', profile(600, 1), obligations(900, 1, 0)],
  ])('is nothing with %s', (_, known, owed) => {
    expect(grantOf(asked(60), known, owed)).toBeUndefined();
  });
});
