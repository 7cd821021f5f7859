import { scramVerifier } from '#database';
import type { ProfileWish, TargetWish } from '../core/target-wish.js';
import { TargetRefused } from '../io/failures.js';
import { installedMark, quoted, targetScript, type TargetSession } from '../io/target-session.js';

/** One thing that is now as it was wished. */
export interface InstallStep {
  what: string;
  did: 'made' | 'set' | 'kept';
}

const oldestVersion = 160_000;

/**
 * Brings a PostgreSQL database into the state that leases need: functions with their owner's rights, the gate's login without
 * CREATEROLE, groups and profiles. Safe to run again, also after it was stopped half-way. `target` is a superuser's.
 * Throws TargetRefused where something at the target stands against it.
 */
export async function installTarget(target: TargetSession, wish: TargetWish): Promise<InstallStep[]> {
  await mayInstall(target);
  const steps = [await installFunctions(target)];
  if (wish.harden) {
    await target.query(targetScript('hardening.sql'));
    steps.push({ what: 'PUBLIC has only what it needs', did: 'set' });
  }
  steps.push(await installLogin(target, wish));
  for (const profile of wish.profiles) steps.push(...(await installProfile(target, profile)));
  return steps;
}

async function mayInstall(target: TargetSession): Promise<void> {
  const [row] = await target.query<{ version: number; superuser: boolean }>(
    `SELECT current_setting('server_version_num')::int AS version, rolsuper AS superuser FROM pg_roles WHERE rolname = current_user`,
  );
  if ((row?.version ?? 0) < oldestVersion)
    throw new TargetRefused(
      'PostgreSQL 16 or newer is needed: before that, a membership cannot be granted without SET',
    );
  if (row?.superuser !== true) throw new TargetRefused('the connection must be a superuser’s'); // prettier-ignore
}

async function installFunctions(target: TargetSession): Promise<InstallStep> {
  const [before] = await target.query<{ mark: string | null }>(
    `SELECT obj_description(oid, 'pg_namespace') AS mark FROM pg_namespace WHERE nspname = 'sallyport'`,
  );
  await target.query(targetScript('install.sql'));
  await target.query(`COMMENT ON SCHEMA sallyport IS ${quoted.text(installedMark())}`);
  const did = before === undefined ? 'made' : before.mark === installedMark() ? 'kept' : 'set';
  return { what: 'schema sallyport and its functions', did };
}

async function installLogin(target: TargetSession, { login, password }: TargetWish): Promise<InstallStep> {
  const [found] = await target.query<{ special: boolean }>(
    `SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS special FROM pg_roles WHERE rolname = $1`,
    [login],
  );
  if (found?.special === true)
    throw new TargetRefused(`${login} exists and has more rights than a gate's login may have: choose another name`);
  const role = quoted.name(login);
  // A verifier and never the password: servers log statements.
  const attributes = `LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD ${quoted.text(scramVerifier(password))}`;
  await target.query(`${found === undefined ? 'CREATE' : 'ALTER'} ROLE ${role} ${attributes}`);
  await target.query(`GRANT sallyport_minter TO ${role}`);
  return { what: `login ${login}, which may call the functions`, did: found === undefined ? 'made' : 'set' };
}

async function installProfile(target: TargetSession, wish: ProfileWish): Promise<InstallStep[]> {
  const steps = wish.tables === undefined ? [] : [await installReader(target, wish.group, wish.tables)];
  await target.query('SELECT sallyport.set_profile($1, $2, $3, $4, $5)', [
    wish.name,
    wish.group,
    wish.maxTtlSeconds,
    wish.connections,
    wish.tables !== undefined,
  ]);
  const kind = wish.tables === undefined ? '' : 'read-only ';
  const what = `${kind}profile ${wish.name}: group ${wish.group}, at most ${String(wish.maxTtlSeconds)} s`;
  return [...steps, { what, did: 'set' }];
}

/** A group that owns nothing, never logs in, and may read these tables. */
async function installReader(target: TargetSession, group: string, tables: readonly string[]): Promise<InstallStep> {
  const [found] = await target.query('SELECT FROM pg_roles WHERE rolname = $1', [group]);
  const role = quoted.name(group);
  if (found === undefined) await target.query(`CREATE ROLE ${role} NOLOGIN`);
  for (const table of tables) {
    const [schema = '', relation = ''] = table.split('.');
    await target.query(
      `GRANT USAGE ON SCHEMA ${quoted.name(schema)} TO ${role}; GRANT SELECT ON ${quoted.name(schema)}.${quoted.name(relation)} TO ${role}`,
    );
  }
  return { what: `group ${group}, which may read ${tables.join(', ')}`, did: found === undefined ? 'made' : 'set' };
}
