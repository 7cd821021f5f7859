import { describe, expect, it } from '@jest/globals';
import { alarmsOf } from './alarm.js';
import { personIn, personRecipient } from '#contracts';

const replayed = { actionId: '01938a1e-7c00-7000-8000-000000000001', agentId: 'refunder-1', why: 'other_key' } as const;

describe('a second redeem', () => {
  it('is told to the owner of the agent and to those who can suspend it', () => {
    const told = alarmsOf(replayed, 'olga');
    expect(told.map(({ group }) => group)).toEqual(['soc-lead', 'person:olga']);
    expect(told.every(({ kind, code }) => kind === 'replayed' && code === 'other_key')).toBe(true);
  });

  it('is told at least to the latter, where the owner is not known', () => {
    expect(alarmsOf(replayed, undefined).map(({ group }) => group)).toEqual(['soc-lead']);
  });

  it('is told for each reason by itself', () => {
    const [first] = alarmsOf(replayed, undefined);
    const [other] = alarmsOf({ ...replayed, why: 'too_late' }, undefined);
    expect(first?.stage).not.toBe(other?.stage);
  });
});

it('a person is no group of the same name', () => {
  expect(personIn(personRecipient('dba'))).toBe('dba');
  expect(personIn('dba')).toBeUndefined();
});
