import { describe, expect, it } from '@jest/globals';
import { append, emptyFrontier, leafHash } from '#trust';
import { decideCheckpoint } from './checkpoint.js';

const head = append(emptyFrontier, [leafHash(Buffer.from('a')), leafHash(Buffer.from('b'))]);

describe('signing a checkpoint', () => {
  it('signs an empty log once, so that auditors have a first checkpoint to keep', () => {
    expect(decideCheckpoint('gate/audit', emptyFrontier, undefined)).toMatchObject({ sign: true });
    expect(decideCheckpoint('gate/audit', emptyFrontier, 0n)).toEqual({ sign: false, why: 'nothing_new' });
  });

  it('signs a longer log', () => {
    const decided = decideCheckpoint('gate/audit', head, 1n);
    expect(decided.sign && decided.text.startsWith('gate/audit\n2\n')).toBe(true);
  });

  it('never signs a log that is shorter than one it signed', () => {
    expect(decideCheckpoint('gate/audit', head, 3n)).toEqual({ sign: false, why: 'log_shrank' });
  });
});
