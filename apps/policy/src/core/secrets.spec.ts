import { describe, expect, it } from '@jest/globals';
import type { Known } from '#contracts';
import { digestOfBytes, maskedText } from '#trust';
import { aResource, known } from '../registry.fixture.js';
import { aRequest } from '../requests.fixture.js';
import { claimsFor, secretsOf } from './secrets.js';

const shownTo = { usual: 'masked', groups: { security: 'shown', auditors: 'digest' } } as const;
const field = (name: string, secret: boolean) => ({ name, classification: 'restricted', secret }) as const;
const resource = aResource('prod/customers', 'postgres.table', { fields: [field('iban', true), field('city', false)] });
const type = (properties: object): Known<'action-types'> =>
  known('action-types', 'data.share', {
    properties_schema: { type: 'object', properties },
    risk: 'high',
    view: 'share',
  });
const request = (properties: Record<string, unknown>, justification = 'because') =>
  aRequest('share', { properties, context: { justification } });

describe('what of an action is secret', () => {
  it('is what stands under the name of a secret field, and under a name that the schema marks', () => {
    const actionType = type({
      password: { type: 'string', writeOnly: true },
      rows: { type: 'array', items: { type: 'object', properties: { token: { writeOnly: true }, id: {} } } },
      unused: { writeOnly: true },
    });
    const asked = request({ password: 'x', rows: [{ token: 't', id: 1 }], values: { iban: 'AT1', city: 'Wien' } });
    const secrets = secretsOf(asked, { resource, actionType }, shownTo);
    expect(secrets?.names).toEqual(['iban', 'password', 'token']);
    expect(secrets).toMatchObject({ usual: 'masked', groups: [{ group: 'auditors', masking: 'digest' }, { group: 'security', masking: 'shown' }] });
    expect(secrets?.texts.masked).toBe(digestOfBytes(maskedText(asked, secrets ?? { names: [] }, 'masked')));
  }); // prettier-ignore

  it('is nothing where no value stands under such a name: that a field is named is no secret', () => {
    expect(secretsOf(request({ fields: ['iban'] }), { resource, actionType: type({}) }, shownTo)).toBeUndefined();
    expect(secretsOf(request({}), { resource, actionType: undefined }, shownTo)).toBeUndefined();
  });

  it('does not come before people by a claim that repeats it', () => {
    const asked = request({ iban: 'AT611904300234573201' }, 'pay AT611904300234573201');
    const secrets = secretsOf(asked, { resource, actionType: undefined }, shownTo);
    expect(claimsFor(asked, secrets).justification).toBe('pay ••••');
    expect(claimsFor(asked, undefined).justification).toContain('AT61');
  });
});
