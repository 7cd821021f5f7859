import { join } from 'node:path';
import { cacheDir, root } from '../world/place.js';

/** The Rego sources, their config and their golden cases. */
export const policiesDir = join(root, 'policies');

/** What `npm run policies:build` makes and the policy service reads. */
export const bundleFile = join(root, 'dist', 'policies', 'bundle.tar.gz');

/** Where one run of the checks lays out what it hands to the compiler. */
export const scratchDir = join(cacheDir, 'policies', String(process.pid));
