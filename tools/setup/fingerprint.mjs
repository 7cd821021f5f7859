import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { inCache, root } from './place.mjs';

/**
 * Says whether anything below these paths has changed since `remember`: names, sizes and times of change, not contents,
 * so that asking takes milliseconds.
 *
 * @param {string} name @param {string[]} paths Files and folders. @param {(file: string) => boolean} counts
 */
export function fingerprint(name, paths, counts = () => true) {
  const stamp = inCache('stamps', name);
  const files = paths.flatMap(filesBelow).filter(counts);
  const now = createHash('sha256').update(files.map(describe).sort().join('\n')).digest('hex');
  return {
    unchanged: existsSync(stamp) && readFileSync(stamp, 'utf8') === now,
    remember() {
      mkdirSync(dirname(stamp), { recursive: true });
      writeFileSync(stamp, now);
    },
  };
}

function filesBelow(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function describe(file) {
  const { size, mtimeMs } = statSync(file);
  return `${relative(root, file)} ${size} ${mtimeMs}`;
}
