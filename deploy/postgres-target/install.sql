-- Sallyport at a PostgreSQL target (16 or newer). `sallyport targets install postgres` runs this, as a superuser, in the
-- database that agents are let into; then hardening.sql, one login for the gate, and a profile for each kind of access (see README.md).
-- Running it again is safe: it replaces the functions and keeps profiles and leases.
--
-- What it makes, and why it is shaped so:
--   sallyport_target_owner  owns the functions; may make roles, may end sessions, never logs in
--   sallyport_minter        what a gate's login is a member of: may call the functions and nothing else.
--                           It has no CREATEROLE, so a stolen gate login cannot make a role of its own design
--   sallyport_executor      what the role of a statement that the gate runs itself is a member of: may say `executed`
--   sallyport_explain_…     one for each profile: owns the one function that explains its statements, reads what its group reads, writes nothing
--   sallyport.executions    which of those statements were committed: the row is part of the statement's own transaction
--   sallyport.leases        which lease made which role. The functions take a lease, never a role or an OID: otherwise
--                           whoever may call them could end anybody's session. A row stays as a tombstone when the role
--                           is gone, so that a gate that was stopped half-way cannot make the role afterwards

BEGIN;

DO $$
BEGIN
  IF current_setting('server_version_num')::int < 160000 THEN
    RAISE EXCEPTION 'Sallyport needs PostgreSQL 16 or newer: before that, a membership cannot be granted without SET ROLE';
  END IF;
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'sallyport_target_owner') THEN
    CREATE ROLE sallyport_target_owner NOLOGIN NOSUPERUSER NOCREATEDB CREATEROLE NOREPLICATION NOBYPASSRLS;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'sallyport_minter') THEN
    CREATE ROLE sallyport_minter NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'sallyport_executor') THEN
    CREATE ROLE sallyport_executor NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
  END IF;
END
$$;
GRANT sallyport_executor TO sallyport_target_owner WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;
GRANT pg_signal_backend TO sallyport_target_owner WITH INHERIT TRUE, SET FALSE;

CREATE SCHEMA IF NOT EXISTS sallyport AUTHORIZATION sallyport_target_owner;
REVOKE ALL ON SCHEMA sallyport FROM PUBLIC;
GRANT USAGE ON SCHEMA sallyport TO sallyport_minter, sallyport_executor;

CREATE TABLE IF NOT EXISTS sallyport.profiles (
  name             text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_-]{0,62}$'),
  group_role       name NOT NULL,
  max_ttl_seconds  int NOT NULL CHECK (max_ttl_seconds BETWEEN 1 AND 86400),
  connection_limit int NOT NULL DEFAULT 2 CHECK (connection_limit BETWEEN 1 AND 32)
);
ALTER TABLE sallyport.profiles ADD COLUMN IF NOT EXISTS read_only boolean NOT NULL DEFAULT false;

CREATE TABLE IF NOT EXISTS sallyport.leases (
  lease_id    uuid PRIMARY KEY,
  -- The gate's login. A gate sees and ends its own leases only, so two gates can share a target.
  minted_by   name NOT NULL,
  profile     text,
  role_oid    oid,
  valid_until timestamptz,
  closed_at   timestamptz,
  dropped_at  timestamptz
);
CREATE INDEX IF NOT EXISTS leases_live ON sallyport.leases (minted_by) WHERE dropped_at IS NULL;
CREATE INDEX IF NOT EXISTS leases_dropped ON sallyport.leases (dropped_at) WHERE dropped_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS sallyport.executions (
  lease_id      uuid PRIMARY KEY,
  minted_by     name NOT NULL,
  result_digest text NOT NULL CHECK (length(result_digest) <= 100),
  row_count     int NOT NULL CHECK (row_count >= 0),
  executed_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE sallyport.executions OWNER TO sallyport_target_owner;
ALTER TABLE sallyport.profiles OWNER TO sallyport_target_owner;
ALTER TABLE sallyport.leases OWNER TO sallyport_target_owner;
REVOKE ALL ON sallyport.profiles, sallyport.leases, sallyport.executions FROM PUBLIC;

-- Tables that a role could change, by grants of its own or of groups that it inherits from.
CREATE OR REPLACE FUNCTION sallyport.can_change(p_role name) RETURNS SETOF regclass
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
  SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    AND (has_table_privilege(p_role, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
      OR has_any_column_privilege(p_role, c.oid, 'INSERT, UPDATE'))
$$;

-- Everything by which a role could write, with what it inherits and what everybody may.
CREATE OR REPLACE FUNCTION sallyport.can_write(p_role name) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
  SELECT 'change ' || c::text FROM sallyport.can_change(p_role) c
  UNION ALL SELECT 'advance ' || c.oid::regclass::text FROM pg_class c
    -- Asked about anything else, this is an error; only CASE keeps the order.
    WHERE CASE c.relkind WHEN 'S' THEN has_sequence_privilege(p_role, c.oid, 'USAGE, UPDATE') ELSE false END
  UNION ALL SELECT 'create in schema ' || n.nspname FROM pg_namespace n
    WHERE n.nspname !~ '^pg_' AND has_schema_privilege(p_role, n.oid, 'CREATE')
  UNION ALL SELECT 'create schemas' WHERE has_database_privilege(p_role, current_database(), 'CREATE')
$$;

-- What a group reads, and whoever explains for it should: not where row policies are, which say what each role sees. Somebody else would be
-- shown the plan of another query there, such as one that finds nothing.
CREATE OR REPLACE FUNCTION sallyport.shown_to(p_group_role name) RETURNS TABLE (relation regclass, columns text)
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
  SELECT c.oid::regclass, CASE WHEN NOT has_table_privilege(p_group_role, c.oid, 'SELECT') THEN (
      SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND has_column_privilege(p_group_role, c.oid, a.attnum, 'SELECT')
    ) END
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relrowsecurity
    AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'sallyport')
    AND (has_table_privilege(p_group_role, c.oid, 'SELECT') OR has_any_column_privilege(p_group_role, c.oid, 'SELECT'))
$$;

-- Who explains the statements of a profile: may read what its group reads, by grants of its own, and write nothing. PostgreSQL asks for the rights of
-- a statement also when it only explains it, so what changes or locks rows has no plan here (docs/decisions/0009). Nobody logs in as this role,
-- no lease is a member of it, and it is a member of nothing.
CREATE OR REPLACE FUNCTION sallyport.explainer_name(p_profile text) RETURNS name
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
  SELECT ('sallyport_explain_' || left(encode(sha256(convert_to(p_profile, 'UTF8')), 'hex'), 32))::name
$$;

-- Takes from a role what it was granted on relations, and lets it read what this group reads now.
CREATE OR REPLACE FUNCTION sallyport.let_read(p_role name, p_group_role name) RETURNS void
LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_granted record;
  v_shown record;
BEGIN
  FOR v_granted IN SELECT c.oid::regclass AS relation, c.relkind FROM pg_class c
    WHERE EXISTS (SELECT FROM aclexplode(c.relacl) a WHERE a.grantee = to_regrole(p_role::text))
      OR EXISTS (SELECT FROM pg_attribute t CROSS JOIN LATERAL aclexplode(t.attacl) a
        WHERE t.attrelid = c.oid AND a.grantee = to_regrole(p_role::text)) LOOP
    EXECUTE format('REVOKE ALL ON %s %s FROM %I', CASE v_granted.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, v_granted.relation, p_role);
  END LOOP;
  FOR v_shown IN SELECT n.oid::regnamespace AS schema FROM pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'sallyport'
      AND has_schema_privilege(p_group_role, n.oid, 'USAGE') AND NOT has_schema_privilege(p_role, n.oid, 'USAGE') LOOP
    EXECUTE format('GRANT USAGE ON SCHEMA %s TO %I', v_shown.schema, p_role);
  END LOOP;
  FOR v_shown IN SELECT s.relation, ' (' || s.columns || ')' AS columns FROM sallyport.shown_to(p_group_role) s
      WHERE NOT has_table_privilege(p_role, s.relation, 'SELECT') LOOP
    EXECUTE format('GRANT SELECT%s ON %s TO %I', v_shown.columns, v_shown.relation, p_role);
  END LOOP;
END
$$;

-- For the DBA, as a superuser. A plan is made with `EXPLAIN (GENERIC_PLAN, …)` and the statement behind it, which cannot run: what stands there is no
-- list of options any more, ANALYZE and GENERIC_PLAN exclude each other, and a loop opens a cursor, which takes exactly one statement. What
-- planning itself calls (functions that say they are stable) writes nothing, because the transaction is read-only meanwhile.
CREATE OR REPLACE FUNCTION sallyport.make_explainer(p_profile text, p_group_role name) RETURNS void
LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_name name := sallyport.explainer_name(p_profile);
  v_other name;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = v_name) THEN
    EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS INHERIT', v_name);
  END IF;
  -- Also what an older version gave it: the rights of the group.
  FOR v_other IN SELECT m.roleid::regrole FROM pg_auth_members m WHERE m.member = to_regrole(v_name::text) LOOP
    EXECUTE format('REVOKE %s FROM %I', v_other, v_name);
  END LOOP;
  PERFORM sallyport.let_read(v_name, p_group_role);
  EXECUTE format($f$
    CREATE OR REPLACE FUNCTION sallyport.%1$I(p_statement text) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '300ms' AS $body$
    DECLARE
      v_plan json;
    BEGIN
      SET TRANSACTION READ ONLY;
      -- Names mean what they will mean when it is run.
      PERFORM set_config('search_path', s.reset_val, true) FROM pg_settings s WHERE s.name = 'search_path';
      FOR v_plan IN EXECUTE 'EXPLAIN (GENERIC_PLAN, VERBOSE, FORMAT JSON) ' || p_statement LOOP
        RETURN v_plan;
      END LOOP;
      RETURN NULL;
    -- The code alone: the server's own words repeat parts of the statement.
    EXCEPTION WHEN OTHERS THEN
      RETURN json_build_object('refused', SQLSTATE);
    END
    $body$
  $f$, v_name);
  EXECUTE format('ALTER FUNCTION sallyport.%1$I(text) OWNER TO %1$I', v_name);
  EXECUTE format('REVOKE ALL ON FUNCTION sallyport.%I(text) FROM PUBLIC', v_name);
  EXECUTE format('GRANT EXECUTE ON FUNCTION sallyport.%I(text) TO sallyport_minter', v_name);
END
$$;

-- What a statement of this profile would do: the plan, or `{"refused": SQLSTATE}`. It is not run, and the values of its parameters do not come.
-- Errors: SP002 profile, SP007 who explains could write.
CREATE OR REPLACE FUNCTION sallyport.explain(p_profile text, p_statement text) RETURNS json
LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_name name := sallyport.explainer_name(p_profile);
  v_plan json;
BEGIN
  IF to_regprocedure(format('sallyport.%I(text)', v_name)) IS NULL THEN
    RAISE EXCEPTION 'no such profile' USING ERRCODE = 'SP002';
  END IF;
  -- Somebody has given it more since it was made: then nothing is explained until that is taken away.
  IF EXISTS (SELECT FROM sallyport.can_write(v_name)) THEN
    RAISE EXCEPTION 'who explains could write' USING ERRCODE = 'SP007';
  END IF;
  EXECUTE format('SELECT sallyport.%I($1)', v_name) INTO v_plan USING p_statement;
  RETURN v_plan;
END
$$;

-- For the DBA, as a superuser: what a lease of this profile may do is what `group_role` may do.
DROP FUNCTION IF EXISTS sallyport.set_profile(text, name, int, int);
CREATE OR REPLACE FUNCTION sallyport.set_profile(
  p_name text, p_group_role name, p_max_ttl_seconds int, p_connection_limit int DEFAULT 2, p_read_only boolean DEFAULT false
) RETURNS void LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM pg_roles WHERE rolname = p_group_role
      AND (rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)
  ) THEN
    RAISE EXCEPTION 'the group role % must not log in and must have no special attribute', p_group_role;
  END IF;
  -- The grants are what keeps it from writing; that its sessions begin read-only is hygiene.
  IF p_read_only AND EXISTS (SELECT FROM sallyport.can_change(p_group_role)) THEN
    RAISE EXCEPTION 'the group role % can change tables: a read-only profile needs one that cannot', p_group_role;
  END IF;
  EXECUTE format('GRANT %I TO sallyport_target_owner WITH ADMIN TRUE, INHERIT FALSE, SET FALSE', p_group_role);
  INSERT INTO sallyport.profiles AS p (name, group_role, max_ttl_seconds, connection_limit, read_only)
  VALUES (p_name, p_group_role, p_max_ttl_seconds, p_connection_limit, p_read_only)
  ON CONFLICT (name) DO UPDATE SET group_role = excluded.group_role, max_ttl_seconds = excluded.max_ttl_seconds,
    connection_limit = excluded.connection_limit, read_only = excluded.read_only;
  PERFORM sallyport.make_explainer(p_name, p_group_role);
END
$$;

-- What each profile comes to, with what its group inherits: for whoever compares that with what it is for. Kinds: installed (its longest time in
-- seconds), attribute, predefined, connects (another database), changes (tables), creates (schemas).
CREATE OR REPLACE FUNCTION sallyport.powers() RETURNS TABLE (profile text, power text, detail text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE own AS (
    SELECT p.name, p.group_role, r.oid FROM sallyport.profiles p JOIN pg_roles r ON r.rolname = p.group_role
  ), reached AS (
    SELECT o.name, o.oid FROM own o UNION SELECT e.name, m.roleid FROM reached e JOIN pg_auth_members m ON m.member = e.oid
  )
  SELECT p.name, 'installed', p.max_ttl_seconds::text FROM sallyport.profiles p
  UNION ALL SELECT e.name, 'attribute', r.rolname || ' ' || a.word FROM reached e JOIN pg_roles r ON r.oid = e.oid
    CROSS JOIN LATERAL (VALUES ('SUPERUSER', r.rolsuper), ('CREATEROLE', r.rolcreaterole), ('CREATEDB', r.rolcreatedb),
      ('REPLICATION', r.rolreplication), ('BYPASSRLS', r.rolbypassrls)) AS a (word, has) WHERE a.has
  UNION ALL SELECT e.name, 'predefined', r.rolname FROM reached e JOIN pg_roles r ON r.oid = e.oid WHERE r.rolname ~ '^pg_'
  UNION ALL SELECT o.name, 'connects', d.datname FROM own o JOIN pg_database d
    ON d.datallowconn AND d.datname <> current_database() AND has_database_privilege(o.oid, d.oid, 'CONNECT')
  UNION ALL SELECT o.name, 'changes', t.changed::text
    FROM own o CROSS JOIN LATERAL (SELECT c AS changed FROM sallyport.can_change(o.group_role) c LIMIT 20) t
  UNION ALL SELECT o.name, 'creates', n.nspname FROM own o JOIN pg_namespace n
    ON n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND has_schema_privilege(o.oid, n.oid, 'CREATE')
$$;

-- Logins that are neither leases nor gates, and that reach tables which the profiles reach too: with rights of their own, with those that they
-- inherit, and with those of every role that they could become. A superuser reaches everything.
CREATE OR REPLACE FUNCTION sallyport.outsiders()
RETURNS TABLE (account text, superuser boolean, profiles text[], reads int, changes int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH gated AS (
    SELECT p.name, c.oid FROM sallyport.profiles p JOIN pg_roles g ON g.rolname = p.group_role
    JOIN pg_class c ON c.relkind IN ('r', 'p', 'v', 'm', 'f')
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'sallyport')
    WHERE has_table_privilege(g.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
      OR has_any_column_privilege(g.oid, c.oid, 'SELECT, INSERT, UPDATE')
  ), login AS (
    SELECT r.oid, r.rolname, r.rolsuper FROM pg_roles r
    WHERE r.rolcanlogin AND has_database_privilege(r.oid, current_database(), 'CONNECT')
      AND NOT EXISTS (SELECT FROM sallyport.leases l WHERE l.role_oid = r.oid)
      AND NOT EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid AND m.roleid = to_regrole('sallyport_minter'))
  ), becomes AS (
    SELECT l.*, r.oid AS role FROM login l JOIN pg_roles r ON r.oid = l.oid OR (NOT l.rolsuper AND pg_has_role(l.oid, r.oid, 'MEMBER'))
  ), reach AS (
    SELECT b.rolname, b.rolsuper, g.name, g.oid,
      has_table_privilege(b.role, g.oid, 'SELECT') OR has_any_column_privilege(b.role, g.oid, 'SELECT') AS reads,
      has_table_privilege(b.role, g.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
        OR has_any_column_privilege(b.role, g.oid, 'INSERT, UPDATE') AS changes
    FROM becomes b CROSS JOIN gated g
  )
  SELECT rolname::text, rolsuper, array_agg(DISTINCT name ORDER BY name),
    (count(DISTINCT oid) FILTER (WHERE reads))::int, (count(DISTINCT oid) FILTER (WHERE changes))::int
  FROM reach WHERE reads OR changes GROUP BY 1, 2 ORDER BY 1
$$;

-- The one name a lease can have: a second mint collides instead of making a second role.
CREATE OR REPLACE FUNCTION sallyport.role_name(p_lease uuid) RETURNS name
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
  SELECT ('sallyport_' || replace(p_lease::text, '-', ''))::name
$$;

-- Makes the role of one lease. Takes a SCRAM verifier, never a password: statements are logged.
-- Errors: SP001 verifier, SP002 profile, SP003 time to live, SP004 the target is not hardened, SP005 lease known already.
CREATE OR REPLACE FUNCTION sallyport.mint(p_lease uuid, p_profile text, p_verifier text, p_ttl_seconds int)
RETURNS TABLE (role_name name, role_oid oid, valid_until timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_profile sallyport.profiles;
  v_name name := sallyport.role_name(p_lease);
  -- The target's own clock: the gate's may be wrong.
  v_until timestamptz := clock_timestamp() + make_interval(secs => p_ttl_seconds);
  v_oid oid;
  v_open name;
BEGIN
  IF p_verifier IS NULL
    OR p_verifier !~ '^SCRAM-SHA-256\$[0-9]{4,7}:[A-Za-z0-9+/]{22,}={0,2}\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=$' THEN
    RAISE EXCEPTION 'not a SCRAM-SHA-256 verifier' USING ERRCODE = 'SP001';
  END IF;
  SELECT * INTO v_profile FROM sallyport.profiles p WHERE p.name = p_profile;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no such profile' USING ERRCODE = 'SP002';
  END IF;
  IF p_ttl_seconds IS NULL OR p_ttl_seconds < 1 OR p_ttl_seconds > v_profile.max_ttl_seconds THEN
    RAISE EXCEPTION 'time to live outside the profile' USING ERRCODE = 'SP003';
  END IF;

  INSERT INTO sallyport.leases AS l (lease_id, minted_by, profile, valid_until)
  VALUES (p_lease, session_user, p_profile, v_until) ON CONFLICT (lease_id) DO NOTHING;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this lease was used already' USING ERRCODE = 'SP005';
  END IF;
  EXECUTE format(
    'CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS INHERIT'
    ' CONNECTION LIMIT %s PASSWORD %L VALID UNTIL %L',
    v_name, v_profile.connection_limit, p_verifier, v_until
  );
  SELECT r.oid INTO STRICT v_oid FROM pg_roles r WHERE r.rolname = v_name;

  -- An object in another database would keep the role from being dropped, and this function cannot reach there.
  SELECT d.datname INTO v_open FROM pg_database d
  WHERE d.datallowconn AND d.datname <> current_database() AND has_database_privilege(v_oid, d.oid, 'CONNECT') LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'a lease could also connect to database "%": run hardening.sql', v_open USING ERRCODE = 'SP004';
  END IF;

  -- The owner inherits from each lease's role, because DROP OWNED asks for that.
  EXECUTE format('GRANT %I TO sallyport_target_owner WITH INHERIT TRUE, SET FALSE', v_name);
  -- Hygiene, not a control: a session may change these.
  EXECUTE format('ALTER ROLE %I SET statement_timeout = %L', v_name, p_ttl_seconds || 's');
  EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = %L', v_name, '60s');
  EXECUTE format('ALTER ROLE %I SET idle_session_timeout = %L', v_name, p_ttl_seconds || 's');

  IF v_profile.read_only THEN
    EXECUTE format('ALTER ROLE %I SET default_transaction_read_only = on', v_name);
  END IF;

  UPDATE sallyport.leases l SET role_oid = v_oid WHERE l.lease_id = p_lease;
  -- Without SET: a session that has done SET ROLE to a group keeps the group's rights even after its own role is dropped.
  -- Last, because the group is locked from here to the commit and other mints wait for it.
  EXECUTE format('GRANT %I TO %I WITH INHERIT TRUE, SET FALSE', v_profile.group_role, v_name);
  RETURN QUERY SELECT v_name, v_oid, v_until;
END
$$;

-- The role of a statement that the gate runs itself: as `mint`, and it may say that it has run it.
CREATE OR REPLACE FUNCTION sallyport.mint_brokered(p_lease uuid, p_profile text, p_verifier text, p_ttl_seconds int)
RETURNS TABLE (role_name name) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  SELECT m.role_name INTO STRICT role_name FROM sallyport.mint(p_lease, p_profile, p_verifier, p_ttl_seconds) m;
  EXECUTE format('GRANT sallyport_executor TO %I WITH INHERIT TRUE, SET FALSE', role_name);
  RETURN NEXT;
END
$$;

-- The last thing in the transaction of a brokered statement, as its role: so the row is there if and only if the statement was
-- committed, whatever becomes of the gate. Once per lease: a statement that says it itself makes its own transaction fail.
-- Error: SP006 there is no such lease, or it is closed.
CREATE OR REPLACE FUNCTION sallyport.executed(p_result_digest text, p_row_count int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO sallyport.executions (lease_id, minted_by, result_digest, row_count)
  SELECT l.lease_id, l.minted_by, p_result_digest, p_row_count FROM sallyport.leases l JOIN pg_roles r ON r.oid = l.role_oid
  WHERE r.rolname = session_user AND l.closed_at IS NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no open lease' USING ERRCODE = 'SP006';
  END IF;
END
$$;

-- Of these leases of the calling gate, those whose statement was committed. Final once `remains` shows neither role nor session.
CREATE OR REPLACE FUNCTION sallyport.executions_of(p_leases uuid[])
RETURNS TABLE (lease_id uuid, result_digest text, row_count int)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT e.lease_id, e.result_digest, e.row_count FROM sallyport.executions e
  WHERE e.lease_id = ANY (p_leases) AND e.minted_by = session_user
$$;

-- Stops new use: from the commit of this call on, nobody logs in with this lease, and it cannot be minted (again).
-- A lease that was never minted gets its tombstone here. Must be committed before `terminate` is called: in one
-- transaction, sessions that log in meanwhile survive.
CREATE OR REPLACE FUNCTION sallyport.disable(p_lease uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_role name;
BEGIN
  INSERT INTO sallyport.leases AS l (lease_id, minted_by, closed_at)
  VALUES (p_lease, session_user, clock_timestamp())
  ON CONFLICT (lease_id) DO UPDATE SET closed_at = coalesce(l.closed_at, excluded.closed_at)
  WHERE l.minted_by = session_user;
  SELECT r.rolname INTO v_role FROM sallyport.leases l JOIN pg_roles r ON r.oid = l.role_oid
  WHERE l.lease_id = p_lease AND l.minted_by = session_user AND r.rolcanlogin;
  IF FOUND THEN
    EXECUTE format('ALTER ROLE %I NOLOGIN', v_role);
  END IF;
END
$$;

-- Cuts the sessions of this lease; answers how many there were. Call until nothing is left twice in a row.
CREATE OR REPLACE FUNCTION sallyport.terminate(p_lease uuid) RETURNS int
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT count(pg_terminate_backend(a.pid))::int FROM sallyport.leases l
  JOIN pg_stat_activity a ON a.usesysid = l.role_oid
  WHERE l.lease_id = p_lease AND l.minted_by = session_user AND l.closed_at IS NOT NULL
$$;

-- Removes the role and what it owns. Answers whether there was a role; none is a success.
-- Never CASCADE: an object of somebody else that came to depend on the lease's object must not vanish with it. Then this
-- fails (2BP01), the role stays without login, and a person has to look.
CREATE OR REPLACE FUNCTION sallyport.drop(p_lease uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_role name;
  v_known boolean;
BEGIN
  PERFORM FROM sallyport.leases l WHERE l.lease_id = p_lease AND l.minted_by = session_user AND l.closed_at IS NOT NULL
  FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  SELECT r.rolname INTO v_role FROM sallyport.leases l JOIN pg_roles r ON r.oid = l.role_oid WHERE l.lease_id = p_lease;
  v_known := FOUND;
  IF v_known THEN
    EXECUTE format('DROP OWNED BY %I', v_role);
    EXECUTE format('DROP ROLE %I', v_role);
  END IF;
  UPDATE sallyport.leases l SET dropped_at = coalesce(l.dropped_at, clock_timestamp()) WHERE l.lease_id = p_lease;
  -- No mint is delayed by a week: tombstones older than that have done their work.
  DELETE FROM sallyport.leases l WHERE l.dropped_at < clock_timestamp() - interval '7 days';
  DELETE FROM sallyport.executions e WHERE e.executed_at < clock_timestamp() - interval '7 days'
    AND NOT EXISTS (SELECT FROM sallyport.leases l WHERE l.lease_id = e.lease_id);
  RETURN v_known;
END
$$;

-- What is left of these leases: is there a role, and how many sessions with its OID (they outlive a dropped role).
CREATE OR REPLACE FUNCTION sallyport.remains(p_leases uuid[])
RETURNS TABLE (lease_id uuid, has_role boolean, sessions int)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT asked.lease_id,
    EXISTS (SELECT FROM pg_roles r WHERE r.oid = l.role_oid OR r.rolname = sallyport.role_name(asked.lease_id)),
    (SELECT count(*)::int FROM pg_stat_activity a WHERE a.usesysid = l.role_oid)
  FROM unnest(p_leases) AS asked (lease_id)
  LEFT JOIN sallyport.leases l ON l.lease_id = asked.lease_id AND l.minted_by = session_user
$$;

-- Every lease of the calling gate whose role exists: what the gate compares with its own table.
CREATE OR REPLACE FUNCTION sallyport.list_ours() RETURNS TABLE (lease_id uuid, valid_until timestamptz)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT l.lease_id, l.valid_until FROM sallyport.leases l JOIN pg_roles r ON r.oid = l.role_oid
  WHERE l.minted_by = session_user AND l.dropped_at IS NULL
$$;

ALTER FUNCTION sallyport.powers() OWNER TO sallyport_target_owner;
ALTER FUNCTION sallyport.outsiders() OWNER TO sallyport_target_owner;
ALTER FUNCTION sallyport.can_change(name) OWNER TO sallyport_target_owner;
ALTER FUNCTION sallyport.can_write(name) OWNER TO sallyport_target_owner;
ALTER FUNCTION sallyport.shown_to(name) OWNER TO sallyport_target_owner;
ALTER FUNCTION sallyport.explainer_name(text) OWNER TO sallyport_target_owner;
ALTER FUNCTION sallyport.explain(text, text) OWNER TO sallyport_target_owner;
ALTER FUNCTION sallyport.role_name(uuid) OWNER TO sallyport_target_owner;
ALTER FUNCTION sallyport.mint(uuid, text, text, int) OWNER TO sallyport_target_owner;
ALTER FUNCTION sallyport.mint_brokered(uuid, text, text, int) OWNER TO sallyport_target_owner;
ALTER FUNCTION sallyport.executed(text, int) OWNER TO sallyport_target_owner;
ALTER FUNCTION sallyport.executions_of(uuid[]) OWNER TO sallyport_target_owner;
ALTER FUNCTION sallyport.disable(uuid) OWNER TO sallyport_target_owner;
ALTER FUNCTION sallyport.terminate(uuid) OWNER TO sallyport_target_owner;
ALTER FUNCTION sallyport.drop(uuid) OWNER TO sallyport_target_owner;
ALTER FUNCTION sallyport.remains(uuid[]) OWNER TO sallyport_target_owner;
ALTER FUNCTION sallyport.list_ours() OWNER TO sallyport_target_owner;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA sallyport FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sallyport.mint(uuid, text, text, int), sallyport.disable(uuid), sallyport.terminate(uuid),
  sallyport.drop(uuid), sallyport.remains(uuid[]), sallyport.list_ours(), sallyport.mint_brokered(uuid, text, text, int),
  sallyport.executions_of(uuid[]), sallyport.explain(text, text), sallyport.explainer_name(text),
  sallyport.can_write(name), sallyport.can_change(name), sallyport.powers(), sallyport.outsiders() TO sallyport_minter;
GRANT EXECUTE ON FUNCTION sallyport.executed(text, int) TO sallyport_executor;

COMMIT;
