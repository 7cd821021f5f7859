import { installedMark, type TargetSession } from '../io/target-session.js';
import type { Finding } from './doctor.js';

interface Rule {
  name: string;
  /** Answers a row for each thing that is wrong, in its column `wrong`. */
  sql: string;
  fix: string;
  params?: () => unknown[];
}

const install = 'sallyport targets install postgres';

const ownFunctions = `SELECT p.oid, p.proname, p.prosecdef, p.proowner, p.proacl FROM pg_proc p
  JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname = 'sallyport'`;

const rules: Rule[] = [
  {
    name: 'version',
    sql: `SELECT 'PostgreSQL ' || current_setting('server_version') AS wrong WHERE current_setting('server_version_num')::int < 160000`,
    fix: 'use PostgreSQL 16 or newer',
  },
  {
    name: 'functions',
    sql: `SELECT 'not those of this version' AS wrong WHERE NOT EXISTS (
      SELECT FROM pg_namespace WHERE nspname = 'sallyport' AND obj_description(oid, 'pg_namespace') = $1)`,
    params: () => [installedMark()],
    fix: install,
  },
  {
    name: 'rights of the functions',
    sql: `SELECT f.proname || ' may be called by everybody' AS wrong FROM (${ownFunctions}) f
        WHERE f.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(f.proacl) a WHERE a.grantee = 0)
      UNION ALL SELECT f.proname || ' does not run as whom it must' FROM (${ownFunctions}) f
        WHERE f.prosecdef AND f.proowner IS DISTINCT FROM to_regrole(
          CASE WHEN f.proname LIKE 'sallyport\\_explain\\_%' THEN quote_ident(f.proname) ELSE 'sallyport_target_owner' END)`,
    fix: install,
  },
  {
    name: 'roles of the functions',
    sql: `SELECT r.rolname || ' has rights that it must not have' AS wrong FROM pg_roles r
        WHERE r.rolname = 'sallyport_target_owner' AND (r.rolcanlogin OR r.rolsuper OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls)
        OR r.rolname IN ('sallyport_minter', 'sallyport_executor') AND (r.rolcanlogin OR r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls)`,
    fix: 'ALTER ROLE … NOLOGIN NOSUPERUSER NOCREATEDB NOREPLICATION NOBYPASSRLS',
  },
  {
    name: 'logins of gates',
    sql: `SELECT r.rolname || ' has more than the functions' AS wrong FROM pg_auth_members m
        JOIN pg_roles r ON r.oid = m.member
        WHERE m.roleid = to_regrole('sallyport_minter') AND (
          r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls OR EXISTS (
            SELECT FROM pg_auth_members o WHERE o.member = r.oid AND o.roleid <> m.roleid))
      UNION ALL SELECT 'there is none' WHERE NOT EXISTS (
        SELECT FROM pg_auth_members WHERE roleid = to_regrole('sallyport_minter'))`,
    fix: 'take the other rights from it, or install another login',
  },
  {
    name: 'other databases',
    sql: `SELECT 'everybody may connect to ' || d.datname AS wrong FROM pg_database d
      WHERE d.datallowconn AND d.datname <> current_database()
        AND EXISTS (SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
          WHERE a.grantee = 0 AND a.privilege_type = 'CONNECT')`,
    fix: `${install} --harden`,
  },
  {
    name: 'large and temporary objects',
    sql: `SELECT 'everybody may make temporary tables' AS wrong FROM pg_database d
        WHERE d.datname = current_database() AND EXISTS (
          SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a WHERE a.grantee = 0 AND a.privilege_type = 'TEMPORARY')
      UNION ALL SELECT 'everybody may make large objects' FROM pg_proc p
        WHERE p.oid = 'pg_catalog.lo_create(oid)'::regprocedure
          AND EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0)`,
    fix: `${install} --harden`,
  },
  {
    name: 'prepared transactions',
    sql: `SELECT 'max_prepared_transactions is not 0' AS wrong WHERE current_setting('max_prepared_transactions')::int > 0`,
    fix: 'set it to 0: a prepared transaction keeps its locks when its role is gone',
  },
];

/** Of what is only there once the functions are. */
const profileRules: Rule[] = [
  {
    name: 'profiles',
    sql: `SELECT p.name || ': the group ' || p.group_role || ' logs in, or has special rights' AS wrong
        FROM sallyport.profiles p JOIN pg_roles r ON r.rolname = p.group_role
        WHERE r.rolcanlogin OR r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls
      UNION ALL SELECT p.name || ': the group ' || p.group_role || ' does not exist' FROM sallyport.profiles p
        WHERE to_regrole(quote_ident(p.group_role)) IS NULL
      UNION ALL SELECT p.name || ': the group may SET ROLE to ' || m.roleid::regrole FROM sallyport.profiles p
        JOIN pg_auth_members m ON m.member = to_regrole(quote_ident(p.group_role)) WHERE m.set_option
      UNION ALL SELECT 'there is none' WHERE NOT EXISTS (SELECT FROM sallyport.profiles)`,
    fix: `give the group only what it needs, WITH INHERIT TRUE, SET FALSE; ${install} --profile`,
  },
  {
    name: 'read-only profiles',
    sql: `SELECT p.name || ': the group can change ' || t::text AS wrong FROM sallyport.profiles p, sallyport.can_change(p.group_role) t
      WHERE p.read_only AND to_regrole(quote_ident(p.group_role)) IS NOT NULL`,
    fix: 'take those grants from the group',
  },
];

/** Of functions since who explains may only read; older ones are found by `functions`. */
const explaining: Rule = {
  name: 'explaining',
  sql: `WITH e AS (SELECT p.name, p.group_role, sallyport.explainer_name(p.name) AS explainer FROM sallyport.profiles p)
      SELECT e.name || ': nothing explains its statements' AS wrong FROM e
        WHERE to_regprocedure(format('sallyport.%I(text)', e.explainer)) IS NULL
      UNION ALL SELECT e.name || ': who explains logs in, or has special rights' FROM e JOIN pg_roles r ON r.rolname = e.explainer
        WHERE r.rolcanlogin OR r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls
      UNION ALL SELECT e.name || ': who explains is a member of ' || m.roleid::regrole FROM e
        JOIN pg_auth_members m ON m.member = to_regrole(e.explainer::text)
      UNION ALL SELECT e.name || ': who explains can ' || w FROM e CROSS JOIN LATERAL sallyport.can_write(e.explainer) w
        WHERE to_regrole(e.explainer::text) IS NOT NULL
      UNION ALL SELECT e.name || ': who explains does not see ' || s.relation FROM e CROSS JOIN LATERAL sallyport.shown_to(e.group_role) s
        WHERE to_regrole(quote_ident(e.group_role)) IS NOT NULL AND to_regrole(e.explainer::text) IS NOT NULL
          AND NOT has_any_column_privilege(e.explainer, s.relation, 'SELECT')
      UNION ALL SELECT e.name || ': who explains sees ' || c.oid::regclass || ', and the group does not' FROM e CROSS JOIN pg_class c
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relnamespace <> 'pg_catalog'::regnamespace
          AND to_regrole(quote_ident(e.group_role)) IS NOT NULL AND to_regrole(e.explainer::text) IS NOT NULL
          AND has_any_column_privilege(e.explainer, c.oid, 'SELECT') AND NOT has_any_column_privilege(e.group_role, c.oid, 'SELECT')
      UNION ALL SELECT e.name || ': ' || m.member::regrole || ' may act as who explains' FROM e
        JOIN pg_auth_members m ON m.roleid = to_regrole(e.explainer::text)`,
  fix: `${install} --profile`,
};

/** Is this target as `targets install postgres` leaves it? Changes nothing. `target` is an administrator's. */
export async function checkTarget(target: TargetSession): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const rule of rules) findings.push(await look(target, rule));
  const isInstalled = (await target.query(`SELECT FROM pg_namespace WHERE nspname = 'sallyport'`)).length > 0;
  if (!isInstalled) return findings;
  for (const rule of profileRules) findings.push(await look(target, rule));
  if (await explains(target)) findings.push(await look(target, explaining));
  return findings;
}

async function explains(target: TargetSession): Promise<boolean> {
  const found = await target.query(`SELECT FROM pg_proc WHERE oid = to_regprocedure('sallyport.can_write(name)')`);
  return found.length > 0;
}

async function look(target: TargetSession, { name, sql, params, fix }: Rule): Promise<Finding> {
  const wrong = (await target.query<{ wrong: string }>(sql, params?.())).map((row) => row.wrong);
  const ok = wrong.length === 0;
  return { name, ok, tried: 'the catalogue of the target', result: ok ? 'as it must be' : wrong.join('; '), fix };
}
