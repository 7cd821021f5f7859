import { describe, expect, it } from '@jest/globals';
import { challengeFor, mayEnrol, placeOf, whyOver, type About, type Ceremony } from './ceremony.js';

const nonce = 'A'.repeat(43);

describe('a challenge', () => {
  it('is of one kind, one pull, one person, one moment', () => {
    const pull = { scope: 'agent', id: 'a-1', reason: 'odd' } as const;
    const base: Extract<About, { kind: 'pull' }> = { kind: 'pull', gate: 'g', person: 'sam', pull, nonce };
    const all: About[] = [
      base,
      { ...base, person: 'dana' },
      { ...base, gate: 'other' },
      { ...base, pull: { ...pull, id: 'a-2' } },
      { ...base, pull: { scope: 'global', reason: 'odd' } },
      { ...base, nonce: 'B'.repeat(43) },
      { kind: 'enrol', gate: 'g', person: 'sam', label: 'x', nonce },
    ];
    expect(new Set(all.map(challengeFor)).size).toBe(all.length);
    expect(challengeFor(base)).toBe(challengeFor({ ...base }));
  });
});

describe('an enrolment', () => {
  const registrars = new Set(['rita', 'sam']);
  it.each([
    { what: 'of one’s own first key', by: 'fiona', person: 'fiona', hasHadKey: false, may: true },
    { what: 'of one’s own second key', by: 'fiona', person: 'fiona', hasHadKey: true, may: false },
    {
      what: 'of a registrar’s own second key, by that registrar',
      by: 'sam',
      person: 'sam',
      hasHadKey: true,
      may: false,
    },
    { what: 'of a registrar’s second key, by another', by: 'rita', person: 'sam', hasHadKey: true, may: true },
    {
      what: 'of the first key of somebody else, by a registrar',
      by: 'rita',
      person: 'fiona',
      hasHadKey: false,
      may: true,
    },
    { what: 'of a key of somebody else', by: 'felix', person: 'fiona', hasHadKey: false, may: false },
  ])('$what', ({ by, person, hasHadKey, may }) => {
    expect(mayEnrol(by, person, { hasHadKey, registrars })).toBe(may);
  });
});

describe('a page', () => {
  const now = new Date(1_000_000);
  const page = { now, expiresAt: new Date(1_000_001), doneAt: undefined } as Ceremony;
  it('is over when it was used, and at its instant', () => {
    expect(whyOver(page)).toBeUndefined();
    expect(whyOver({ ...page, expiresAt: now })).toBe('expired');
    expect(whyOver({ ...page, doneAt: now })).toBe('already_used');
  });

  it.each([
    ['http://127.0.0.1:7104', 'http://localhost:7104', 'localhost', 'http://localhost:7104'],
    ['http://[::1]:7104/', 'http://localhost:7104', 'localhost', 'http://localhost:7104'],
    ['https://gate.example/credentials/', 'https://gate.example', 'gate.example', 'https://gate.example/credentials'],
  ])('of %s has a host name, for which keys are good', (url, origin, rpId, base) => {
    expect(placeOf(url)).toEqual({ url: base, origin, rpId });
  });
});
