import { escapeIdentifier as name, escapeLiteral as text } from 'pg';
import { migrationsTable } from '../migration.js';
import { scramVerifier } from './scram-verifier.js';

/** Owns every table and can never log in: the services own nothing, so none of them can grant itself what a migration took away. */
export const ownerRole = 'sallyport_owner';

/** The role that a service logs in with. */
export const roleOf = (service: string): string => `sallyport_${service}`;

const owner = name(ownerRole);

/** Once per database: the owner exists, and nobody has anything here by being nobody in particular. */
export function databaseStatements(database: string): string[] {
  return [
    createRole(ownerRole),
    `ALTER ROLE ${owner} NOLOGIN`,
    // An administrator that is no superuser may act as the owner only as its member.
    `GRANT ${owner} TO CURRENT_USER`,
    `REVOKE ALL ON DATABASE ${name(database)} FROM PUBLIC`,
    'REVOKE ALL ON SCHEMA public FROM PUBLIC',
    `GRANT CONNECT ON DATABASE ${name(database)} TO ${owner}`,
    `ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC`,
  ];
}

/** Once per service, before its migrations: the login, the schema, and what the service may do with tables that are still to come. A migration can narrow it. */
export function serviceStatements(database: string, service: string, password: string): string[] {
  const role = name(roleOf(service));
  const schema = name(service);
  const byDefault = `ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA ${schema} GRANT`;
  return [
    createRole(roleOf(service)),
    `ALTER ROLE ${role} LOGIN NOINHERIT NOCREATEDB NOCREATEROLE PASSWORD ${text(scramVerifier(password))}`,
    `ALTER ROLE ${role} IN DATABASE ${name(database)} SET search_path = ${schema}`,
    `GRANT CONNECT ON DATABASE ${name(database)} TO ${role}`,
    `CREATE SCHEMA IF NOT EXISTS ${schema} AUTHORIZATION ${owner}`,
    `REVOKE ALL ON SCHEMA ${schema} FROM PUBLIC`,
    `GRANT USAGE ON SCHEMA ${schema} TO ${role}`,
    `${byDefault} SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${role}`,
    `${byDefault} USAGE, SELECT ON SEQUENCES TO ${role}`,
    `${byDefault} EXECUTE ON FUNCTIONS TO ${role}`,
  ];
}

/** After the migrations: takes away what some other service's role may have been given on this schema by hand. */
export function separationStatements(service: string, others: readonly string[]): string[] {
  const schema = name(service);
  const strangers = others.filter((other) => other !== service).map((other) => name(roleOf(other)));
  const fromStrangers =
    strangers.length === 0
      ? []
      : ['SCHEMA', 'ALL TABLES IN SCHEMA', 'ALL SEQUENCES IN SCHEMA', 'ALL FUNCTIONS IN SCHEMA'].map(
          (what) => `REVOKE ALL ON ${what} ${schema} FROM ${strangers.join(', ')}`,
        );
  return [
    ...fromStrangers,
    leaveAllRoles(roleOf(service)),
    // A service reads here whether its schema is ready; it never says so itself.
    `REVOKE INSERT, UPDATE, DELETE ON ${schema}.${name(migrationsTable)} FROM ${name(roleOf(service))}`,
  ];
}

/** Roles are shared by all databases of the server: another run may create the same one at this moment. */
function createRole(role: string): string {
  return `DO $do$ BEGIN CREATE ROLE ${name(role)}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $do$`;
}

/** A service's role has rights of its own and is a member of nothing, the owner least of all. */
function leaveAllRoles(role: string): string {
  return `DO $do$ DECLARE parent name; BEGIN
    FOR parent IN SELECT m.roleid::regrole::name FROM pg_auth_members m WHERE m.member = ${text(role)}::regrole LOOP
      EXECUTE format('REVOKE %I FROM %I', parent, ${text(role)}); END LOOP; END $do$`;
}
