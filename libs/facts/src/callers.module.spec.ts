import { describe, expect, it } from '@jest/globals';
import { issuerSettings, issuersOf } from './callers.module.js';

const one = { issuer: 'https://one.example', clients: ['cli', 'console'], native_clients: ['cli'] };
const two = { issuer: 'https://two.example', clients: ['cli'] };
const read = (listed: unknown) => issuerSettings.SALLYPORT_OIDC_ISSUERS.safeParse(JSON.stringify(listed)).data;

describe('the providers whose people may sign in', () => {
  it('are listed with their clients, what names their people, and what they call the services', () => {
    const more = { subject_claim: 'oid', audiences: { approvals: 'api://approvals', audit: 'api://audit' } };
    expect(issuersOf(read([one, { ...two, ...more }]) ?? [])).toStrictEqual([
      { issuer: one.issuer, clients: one.clients, nativeClients: ['cli'], audiences: {}, subjectClaim: 'sub' },
      { issuer: two.issuer, clients: ['cli'], nativeClients: [], audiences: more.audiences, subjectClaim: 'oid' },
    ]);
  });

  it.each<[string, unknown]>([
    ['a provider stands there twice', [one, { ...two, issuer: one.issuer }]],
    ['a native client is none of its clients', [{ ...one, native_clients: ['stranger'] }]],
    ['two services have one audience', [{ ...two, audiences: { approvals: 'api://gate', audit: 'api://gate' } }]],
    ['a service is none', [{ ...two, audiences: { billing: 'api://billing' } }]],
    ['it would read groups', [{ ...two, groups_claim: 'groups' }]],
    ['there is no client', [{ ...two, clients: [] }]],
  ])('are refused where %s', (_, listed) => {
    expect(read(listed)).toBeUndefined();
  });
});
