import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SessionError, SessionFile, type Session } from './session.js';

const signedIn: Session = { issuer: 'https://idp.example', subject: 'dana', tokens: {} };
let folder: string;
let file: SessionFile;
let path: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'sallyport-session-')), 'sallyport');
  file = new SessionFile(folder, 'dana');
  path = join(folder, 'dana.json');
});
afterEach(() => {
  rmSync(join(folder, '..'), { recursive: true });
});

const rightsOf = (name: string): number => statSync(name).mode & 0o777;

describe('a sign-in on this machine', () => {
  it('is a file that only its owner can read, in a folder that only its owner can enter', () => {
    file.write(signedIn);
    expect([rightsOf(path), rightsOf(folder)]).toEqual([0o600, 0o700]);
    expect(file.read()).toEqual(signedIn);
    expect(readdirSync(folder)).toEqual(['dana.json']);
  });

  it('never goes into a file that was made with wider rights', () => {
    file.write(signedIn);
    chmodSync(path, 0o644);
    file.write(signedIn);
    expect(rightsOf(path)).toBe(0o600);
  });

  it.each([0o640, 0o604, 0o644, 0o660])('is refused when others have rights to it (%#)', (mode) => {
    file.write(signedIn);
    chmodSync(path, mode);
    expect(() => file.read()).toThrow('can be read by others');
  });

  it.each(['', '{', '{}', '[]'])('is refused when it is none: %p', (text) => {
    file.write(signedIn);
    writeFileSync(path, text);
    expect(() => file.read()).toThrow(SessionError);
    expect(() => file.read()).toThrow('sallyport --as dana login');
  });

  it('is nobody’s before signing in and after signing out', () => {
    expect(file.read()).toBeUndefined();
    file.write(signedIn);
    file.remove();
    expect(file.read()).toBeUndefined();
  });

  it.each(['../dana', 'a/b', '', '.dana', 'a\0b'])('has no such profile as %p', (profile) => {
    expect(() => new SessionFile(folder, profile)).toThrow(SessionError);
  });
});
