import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '..', '..');
export const cacheDir = join(root, '.cache');

/** @param {string[]} path Inside the checkout. */
export const inRoot = (...path) => join(root, ...path);

/** @param {string[]} path Inside the cache, which may be thrown away at any time. */
export const inCache = (...path) => join(cacheDir, ...path);

/** The pinned Node, which npm installs; the scripts of set-up themselves run on any Node from 20 on. */
export const pinnedNode = inRoot('node_modules', 'node', 'bin', 'node');
