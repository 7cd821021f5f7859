import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { killSwitchChanged } from '#contracts';
import { verifyExport } from '../../apps/cli/src/handlers/audit-verify.js';
import { flipByte, TestLog } from '../support/audit-export.js';
import { aGate, type TestGate } from '../support/gate.js';
import { scratchFolder } from '../support/scratch.js';

const files = ['checkpoint', 'manifest', 'keys.json', 'entries.ndjson'];
let gate: TestGate;
let scratch: ReturnType<typeof scratchFolder>;
let folder: string;
let made = 0;

beforeAll(() => {
  gate = aGate();
  scratch = scratchFolder('audit');
});
afterAll(() => {
  gate.remove();
  scratch.remove();
});

const story = (log: TestLog): TestLog =>
  log
    .registered()
    .accepted(1)
    .allowed(1)
    .released(1)
    .ended(1)
    .closed(1)
    .accepted(2)
    .approvalRequired(2)
    .granted(2, ['mia', 'max'])
    .released(2);

function written(log: TestLog): string {
  folder = join(scratch.dir, String((made += 1)));
  log.write(folder);
  return folder;
}

describe('verifying an export offline', () => {
  it('accepts a log in which everything is as it should be, and says what was checked', async () => {
    const log = story(new TestLog(gate));
    await expect(verifyExport(written(log), { key: log.verifierKey })).resolves.toMatchObject({
      entries: '13', registry_entries: 4, actions: 2, open: 1, released: 2, outcomes: 3, votes: 2, erased: 0,
    }); // prettier-ignore
  });

  it.each(files)('finds any single changed byte of %s', async (file) => {
    const log = story(new TestLog(gate));
    written(log);
    const path = join(folder, file);
    const { length } = readFileSync(path);
    const kept = join(folder, 'kept');
    copyFileSync(path, kept);
    for (let at = 0; at < length; at += Math.max(1, Math.floor(length / 97))) {
      flipByte(path, at);
      await expect(verifyExport(folder, { key: log.verifierKey })).rejects.toThrow();
      copyFileSync(kept, path);
    }
    await expect(verifyExport(folder, { key: log.verifierKey })).resolves.toBeTruthy();
  });

  it('counts the kill switch as no action', async () => {
    const pulled = {
      pull_id: '01975f3a-8000-7b1e-8d2f-3a4b5c6d7e8f', epoch: 7, state: 'pulled', by: 'mia', reason: 'a drill',
      at: '2026-11-24T10:00:00.000Z', scope: 'global',
    } as const; // prettier-ignore
    const log = story(new TestLog(gate)).say(killSwitchChanged, 'credentials', `kill-switch:${pulled.pull_id}`, pulled);
    await expect(verifyExport(written(log), { key: log.verifierKey })).resolves.toMatchObject({
      entries: '14', actions: 2, open: 1, outcomes: 3,
    }); // prettier-ignore
    const forged = new TestLog(gate).say(killSwitchChanged, 'policy', `kill-switch:${pulled.pull_id}`, pulled);
    await expect(verifyExport(written(forged), { key: forged.verifierKey })).rejects.toThrow('does not speak on');
  });

  it('refuses a log that somebody else signed', async () => {
    const other = aGate();
    const log = story(new TestLog(other));
    await expect(verifyExport(written(log), { key: new TestLog(gate).verifierKey })).rejects.toThrow(
      'not signed by the key',
    );
    other.remove();
  });

  it('accepts a log that continues the checkpoint that was kept', async () => {
    const log = story(new TestLog(gate));
    const since = join(scratch.dir, 'since');
    writeFileSync(since, log.checkpoint());
    await expect(verifyExport(written(log.ended(2)), { key: log.verifierKey, since })).resolves.toMatchObject({
      since: '13',
    });
  });

  it('finds history that was rewritten and signed again after the checkpoint that was kept', async () => {
    const since = join(scratch.dir, 'since');
    writeFileSync(since, story(new TestLog(gate)).checkpoint());
    const rewritten = story(new TestLog(gate)).ended(2);
    await expect(verifyExport(written(rewritten), { key: rewritten.verifierKey, since })).rejects.toThrow(
      'history was rewritten',
    );
  });

  it('finds a log that became shorter than the checkpoint that was kept', async () => {
    const log = story(new TestLog(gate));
    const since = join(scratch.dir, 'since');
    writeFileSync(since, log.checkpoint());
    log.entries.pop();
    await expect(verifyExport(written(log), { key: log.verifierKey, since })).rejects.toThrow('shorter');
  });
});

describe('what the events prove', () => {
  const broken: [string, (log: TestLog) => TestLog, string][] = [
    ['a release that nothing allowed', (log) => log.registered().accepted(1).released(1), 'without an allow or a quorum'],
    ['a release for which a plan was opened and never satisfied', (log) => log.registered().accepted(1).approvalRequired(1).released(1), 'without an allow or a quorum'],
    ['a grant by one vote where two were needed', (log) => log.registered().accepted(1).granted(1, ['mia']).released(1), 'votes do not verify'],
    ['a grant by the same person twice', (log) => log.registered().accepted(1).granted(1, ['mia', 'mia']).released(1), 'votes do not verify'],
    ['a grant by somebody outside the group', (log) => log.registered().accepted(1).granted(1, ['mia', 'eve']).released(1), 'votes do not verify'],
    ['a grant that approvals did not hand on', (log) => log.registered().accepted(1).granted(1, ['mia', 'max'], { votes: [] }), 'has not signed that it handed'],
    ['a grant that approvals handed on with other votes', (log) => log.registered().accepted(1).granted(1, ['mia', 'max'], { votes: [`sha256:${'A'.repeat(43)}`] }), 'has not signed that it handed'],
    ['a second redeem of which credentials signed another reason', (log) => log.registered().accepted(1).allowed(1).released(1).replayed(1, { why: 'too_late' }), 'second redeem of a lease is not signed'],
    ['a closed review of which approvals signed another rule', (log) => log.registered().accepted(1).allowed(1).closed(1, { rule: 'EMERG-002' }), 'closing of a review is not signed'],
    ['an action that ended twice', (log) => log.registered().accepted(1).allowed(1).released(1).ended(1).ended(1), 'ended twice'],
    ['an agent that nobody registered', (log) => log.accepted(1).allowed(1), 'lacks the entry of agent'],
  ]; // prettier-ignore

  it.each(broken)('finds %s', async (_, tell, what) => {
    const log = tell(new TestLog(gate));
    await expect(verifyExport(written(log), { key: log.verifierKey })).rejects.toThrow(what);
  });

  it('asks for the door that an agent signed for, and takes it from nobody else', async () => {
    const door = 'https://intake.example/v1/actions';
    const log = new TestLog(gate).askedAt(door).registered().accepted(1).allowed(1).released(1);
    const folder = written(log);
    const asked = verifyExport(folder, { key: log.verifierKey });
    await expect(asked).rejects.toThrow(`signed for ${door}`);
    await expect(asked).rejects.toThrow('--intake https://intake.example');
    await expect(
      verifyExport(folder, { key: log.verifierKey, intake: ['https://intake.example'] }),
    ).resolves.toMatchObject({ released: 1 });
  });

  it('says which line is wrong', async () => {
    const log = new TestLog(gate).registered().accepted(1).released(1);
    await expect(verifyExport(written(log), { key: log.verifierKey })).rejects.toMatchObject({
      file: 'entries.ndjson',
      line: 6,
    });
  });
});
