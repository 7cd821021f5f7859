import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { encode } from '@jridgewell/sourcemap-codec';
import { sourceFrame } from './source-frame.js';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-frames-'));
const built = join(folder, 'program.js');

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Line 3, from its fifth letter on, is line 40 of a source; from its ninth on nobody knows. */
function writeMap(): void {
  const mappings = encode([[], [], [[4, 0, 39, 6], [8]], [[0, 0, 41, 0]]]);
  writeFileSync(`${built}.map`, JSON.stringify({ version: 3, sources: ['../src/a.ts'], names: [], mappings }));
}

describe('a frame', () => {
  writeMap();
  const source = join(folder, '..', 'src', 'a.ts');

  it.each([
    ['of a function', `act (file://${built}:3:5)`, `act (${source}:40:7)`],
    ['of a function of an older module', `act (${built}:3:6)`, `act (${source}:40:7)`],
    ['of no function', `file://${built}:3:5`, `${source}:40:7`],
  ])('%s reads as in the sources', (_, frame, expected) => {
    expect(sourceFrame(frame)).toBe(expected);
  });

  it.each([
    ['that is nobody’s', `act (file://${built}:3:9)`],
    ['of a file without a map', `act (file://${join(folder, 'other.js')}:3:5)`],
    ['of Node', 'emit (node:events:514:28)'],
    ['of no place', 'new Promise (<anonymous>)'],
  ])('%s stays as it is', (_, frame) => {
    expect(sourceFrame(frame)).toBe(frame);
  });

  it('of a file whose map cannot be read stays as it is', () => {
    const broken = join(folder, 'broken.js');
    writeFileSync(`${broken}.map`, '{"version":');
    expect(sourceFrame(`act (${broken}:1:1)`)).toBe(`act (${broken}:1:1)`);
  });
});
