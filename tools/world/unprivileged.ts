import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** How to run a program that refuses to run as root: words before its command, or another user. */
export interface Unprivileged {
  prefix: string[];
  user?: { uid: number; gid: number };
}

/** What `nobody` is called in numbers on Debian and most others; it only has to exist in the list of users. */
const nobody = '65534';
const inOwnNamespace = ['unshare', '--user', `--map-user=${nobody}`, `--map-group=${nobody}`];

/**
 * PostgreSQL refuses to run as root. A user namespace in which root has another number needs no new user, leaves all
 * files ours, and works below `/root`, which no other user may enter. Where namespaces are switched off (many
 * containers) it runs as the user `postgres`, who must then be able to reach the folder.
 *
 * @param dir The data folder; when it exists and belongs to a user, that user it is.
 * @throws When neither way is open; the message says what to do.
 */
export async function unprivileged(dir: string, programs: string[]): Promise<Unprivileged> {
  if (process.getuid?.() !== 0) return { prefix: [] };
  if (ownerOf(dir) === 0 && (await namespacesWork())) return { prefix: inOwnNamespace };
  const user = await postgresUser();
  const closed = [dir, ...programs].flatMap(parents).find((folder) => !isOpenToAll(folder));
  if (closed === undefined) return { prefix: [], user };
  throw new Error(
    `PostgreSQL does not run as root, and the user postgres may not enter ${closed}. ` +
      'Run this as an ordinary user, move the checkout, or set SALLYPORT_DATABASE_URL.',
  );
}

function ownerOf(dir: string): number {
  return existsSync(dir) ? statSync(dir).uid : 0;
}

async function namespacesWork(): Promise<boolean> {
  try {
    await run('unshare', [...inOwnNamespace.slice(1), 'true']);
    return true;
  } catch {
    return false;
  }
}

async function postgresUser(): Promise<{ uid: number; gid: number }> {
  try {
    await run('id', ['-u', 'postgres']);
  } catch {
    await run('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']);
  }
  const [uid, gid] = await Promise.all(['-u', '-g'].map(async (which) => Number(await idOf(which))));
  return { uid: uid ?? 0, gid: gid ?? 0 };
}

async function idOf(which: string): Promise<string> {
  return (await run('id', [which, 'postgres'])).stdout.trim();
}

function parents(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [...parents(parent), parent];
}

function isOpenToAll(folder: string): boolean {
  return !existsSync(folder) || (statSync(folder).mode & 0o001) !== 0;
}
