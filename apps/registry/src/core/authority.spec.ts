import { describe, expect, it } from '@jest/globals';
import { registryKinds } from '#contracts';
import { mayRead, mayResume, maySuspend, mayWrite, type Caller } from './authority.js';

const person = (groups: string[], isActive = true): Caller => ({ kind: 'person', id: 'p', isActive, groups });
const registrar = person(['registrars']);
const lead = person(['soc-lead']);
const dba = person(['dba']);
const approvals: Caller = { kind: 'service', name: 'approvals' };
const policy: Caller = { kind: 'service', name: 'policy' };

describe('who may change the registry', () => {
  it.each(registryKinds.filter((kind) => kind !== 'incidents'))('registrars, and nobody else, write %s', (kind) => {
    expect(mayWrite(registrar, kind)).toEqual({ ok: true, by: 'p' });
    for (const other of [lead, dba, approvals]) expect(mayWrite(other, kind).ok).toBe(false);
  });

  it('not even a registrar declares an incident', () => {
    expect(mayWrite(lead, 'incidents')).toEqual({ ok: true, by: 'p' });
    expect(mayWrite(registrar, 'incidents')).toEqual({ ok: false, why: 'not_in_group' });
  });

  it('a person who is not active may nothing, whatever the groups say', () => {
    const gone = person(['registrars', 'soc-lead'], false);
    const asked = [mayWrite(gone, 'agents'), mayRead(gone), maySuspend(gone), mayResume(gone)];
    expect(asked.every(({ ok }) => !ok)).toBe(true);
  });

  it('the groups that run the gate read it; a service reads by lookup only', () => {
    for (const group of ['registrars', 'auditors', 'security-officers', 'soc-lead', 'break-glass']) {
      expect(mayRead(person([group])).ok).toBe(true);
    }
    expect([mayRead(dba).ok, mayRead(approvals).ok]).toEqual([false, false]);
  });

  it('registrars, soc-lead and approvals suspend an agent; registrars alone resume it', () => {
    expect([registrar, lead, dba, approvals, policy].map((caller) => maySuspend(caller).ok)).toEqual([
      true,
      true,
      false,
      true,
      false,
    ]);
    expect([registrar, lead, dba, approvals, policy].map((caller) => mayResume(caller).ok)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(maySuspend(approvals)).toEqual({ ok: true, by: 'service:approvals' });
  });
});
