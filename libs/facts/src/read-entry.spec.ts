import { afterAll, describe, expect, it } from '@jest/globals';
import { aGate, aPersonSpec, signEntry } from '../../../test/support/gate.js';
import { readEntry } from './read-entry.js';

const gate = aGate();
const stranger = aGate(gate.id);
afterAll(() => {
  gate.remove();
  stranger.remove();
});

const entry = { kind: 'people' as const, id: 'p', version: 3, spec: aPersonSpec('u-17') };

describe('reading a signed entry', () => {
  it('gives the spec at its version, beside the bytes that prove it', () => {
    const jws = signEntry(gate, entry);
    const read = readEntry(jws, gate.trust);
    expect(read).toMatchObject({ kind: 'read', signed: { jws, entry: { kind: 'people', id: 'p', version: 3 } } });
  });

  it('reads a deletion as a version', () => {
    const read = readEntry(signEntry(gate, { kind: 'people', id: 'p', version: 4 }), gate.trust);
    expect(read).toMatchObject({ kind: 'read', signed: { entry: { version: 4, deleted: true } } });
  });

  it.each([
    ['signed with keys of another gate', () => signEntry(stranger, entry)],
    ['of another purpose of this gate', () => gate.keyring('registry').sign('service', { gate: gate.id, ...entry })],
    ['signed by another service', () => gate.keyring('policy').sign('verdict', { gate: gate.id, ...entry })],
    ['for another gate', () => gate.keyring('registry').sign('registry', { ...entry, gate: 'other.example' })],
    ['without a gate', () => gate.keyring('registry').sign('registry', entry)],
    ['with one character changed', () => signEntry(gate, entry).replace(/\.(.)/u, (_, c) => (c === 'e' ? '.f' : '.e'))],
    ['that is no JWS', () => 'a.b.c'],
  ])('calls an entry %s a forgery', (_, jws) => {
    expect(readEntry(jws(), gate.trust).kind).toBe('forged');
  });

  it.each([
    ['a kind', { ...entry, kind: 'robots' }],
    ['a member', { ...entry, more: true }],
    ['a member of the spec', { ...entry, spec: { ...entry.spec, title: 'Dr' } }],
  ])('waits for a build that knows %s that this one does not', (_, payload) => {
    const more = { gate: gate.id, deleted: false, changed_by: 'rita', changed_at: '2026-11-24T10:00:00.000Z' };
    const jws = gate.keyring('registry').sign('registry', { ...more, ...payload });
    expect(readEntry(jws, gate.trust).kind).toBe('unreadable');
  });
});
