import { describe, expect, it } from '@jest/globals';
import { landingHeaders, landingPage } from './landing.js';

const id = '01938a1e-7c00-7000-8000-000000000001';

describe('the page that links lead to', () => {
  it('names the command, and has nothing that could be followed, sent or run', () => {
    const page = landingPage(id);
    expect(page).toContain(`sallyport approvals show ${id}`);
    expect(page).not.toMatch(/<(?:script|form|a|button|input|iframe|img|link|style)\b|https?:|href|src=|approvals (?:approve|deny)/u);
  });

  it('is the same for every request but for its id', () => {
    const other = id.replace(/1$/u, '2');
    expect(landingPage(other).replaceAll(other, id)).toBe(landingPage(id));
  });

  it('forbids everything to whatever might get into it', () => {
    expect(landingHeaders['content-security-policy']).toMatch(/^default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox;/u);
  });
}); // prettier-ignore
