import { describe, expect, it } from '@jest/globals';
import { Fault } from '#platform';
import { constraintOf, sqlFault, sqlStateOf } from './sql-fault.js';

const withCode = (code: string, more: object = {}): Error =>
  Object.assign(new Error('said by the driver'), { code, ...more });

function kindOf(error: Error): unknown {
  const fault = sqlFault(error);
  return fault instanceof Fault ? [fault.code, fault.retryable] : 'unchanged';
}

describe('an error of the database', () => {
  it.each([
    ['40001', 'database_conflict'],
    ['40P01', 'database_conflict'],
    ['57014', 'database_timeout'],
    ['55P03', 'database_timeout'],
    ['25P03', 'database_timeout'],
    ['08006', 'database_unavailable'],
    ['53300', 'database_unavailable'],
    ['53100', 'database_unavailable'],
    ['57P01', 'database_unavailable'],
    ['57P02', 'database_unavailable'],
    ['57P03', 'database_unavailable'],
    ['58030', 'database_unavailable'],
    ['XX000', 'database_unavailable'],
    ['28P01', 'database_unavailable'],
    ['25006', 'database_unavailable'],
    ['42P01', 'database_unavailable'],
    ['42703', 'database_unavailable'],
    ['42501', 'database_unavailable'],
  ])('%s is waited for as %s: no outage and no roll-out may become a verdict', (state, code) => {
    expect(kindOf(withCode(state))).toEqual([code, true]);
  });

  it.each(['23505', '23503', '22P02', '42601', '25P02', 'P0001'])(
    '%s is the statement’s own and is not repeated',
    (state) => {
      expect(kindOf(withCode(state))).toEqual(['statement_failed', false]);
    },
  );

  it.each(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'])('%s is an outage', (code) => {
    expect(kindOf(withCode(code))).toEqual(['database_unavailable', true]);
  });

  it.each([
    'Connection terminated unexpectedly',
    'Client has encountered a connection error and is not queryable',
    'timeout exceeded when trying to connect',
    'timeout expired',
    'Cannot use a pool after calling end on the pool',
  ])('that the driver only has words for is an outage: %s', (words) => {
    expect(kindOf(new Error(words))).toEqual(['database_unavailable', true]);
  });

  it('that never came is a time-out', () => {
    expect(kindOf(new Error('Query read timeout'))).toEqual(['database_timeout', true]);
  });

  it('is never made of a bug, whatever its words', () => {
    expect(kindOf(new TypeError('connection is not a function'))).toBe('unchanged');
    expect(kindOf(new Error('the stage has no group'))).toBe('unchanged');
    expect(sqlFault('text')).toBe('text');
  });

  it('carries no text of the server, which may quote values', () => {
    const fault = sqlFault(Object.assign(new Error('Key (token)=(hunter2) exists'), { code: '23505' }));
    expect(fault).toBeInstanceOf(Fault);
    expect((fault as Fault).message).not.toContain('hunter2');
  });

  it('keeps its state and constraint for the caller who can use them', () => {
    const fault = sqlFault(withCode('23505', { constraint: 'actions_pkey' }));
    expect(sqlStateOf(fault)).toBe('23505');
    expect(constraintOf(fault)).toBe('actions_pkey');
    expect(sqlStateOf(withCode('EPIPE'))).toBeUndefined();
    expect(sqlStateOf(undefined)).toBeUndefined();
  });
});
