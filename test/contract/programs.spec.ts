import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Log, serviceNames } from '#platform';
import { root } from '../../tools/world/place.js';
import { builtProgram } from '../../tools/world/service-program.js';

/** What a service logs of an error with this frame. */
function logged(frame: string): string | undefined {
  const said: string[] = [];
  const error = new Error('spec');
  error.stack = `Error: spec\n    at ${frame}`;
  new Log('policy', 'error', { write: (line) => said.push(line) }).error('spec', { error });
  const { error: written } = JSON.parse(said.join('')) as { error: { frames: string[] } };
  return written.frames[0];
}

/** The frame of the first line of a built program that has this text. */
function frameAt(file: string, lines: readonly string[], text: RegExp): string {
  const line = lines.findIndex((one) => text.test(one));
  if (line < 0) throw new Error(`nothing in ${file} is like ${text.source}`);
  return `f (file://${file}:${String(line + 1)}:${String((lines[line] ?? '').search(/\S/u) + 1)})`;
}

describe.each([...serviceNames, 'cli', 'migrate', 'topics'])('the program %s', (name) => {
  const file = builtProgram(name);
  const lines = readFileSync(file, 'utf8').split('\n');

  it('names our own sources in what is logged of an error', () => {
    const frame = logged(frameAt(file, lines, /super\(`settings are not usable/u)) ?? '';
    const [, source = '', line = ''] = /\((?<source>.*):(?<line>\d+):\d+\)/u.exec(frame) ?? [];
    expect(source.startsWith(join(root, 'libs', 'platform'))).toBe(true);
    expect(readFileSync(source, 'utf8').split('\n')[Number(line) - 1]).toContain('settings are not usable');
  });

  it('says of a package’s code only where it stands, and not that it is ours', () => {
    const frame = frameAt(file, lines, /^var require_\w+ = __commonJS/u);
    expect(logged(frame)).toBe(frame);
  });
});
