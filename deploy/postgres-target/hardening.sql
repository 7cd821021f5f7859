-- What PUBLIC may do by default is more than an agent for five minutes needs. Run as a superuser in the database that
-- install.sql was run in; running it again is safe. People and programs that relied on PUBLIC need their own grants:
-- read it before you run it.
--
-- The lines about other databases are required (`mint` refuses with SP004 otherwise): an object that an agent leaves in a
-- database where Sallyport is not installed would keep its role from ever being dropped.

DO $$
DECLARE
  v_database name;
BEGIN
  FOR v_database IN SELECT datname FROM pg_catalog.pg_database WHERE datname <> current_database() LOOP
    EXECUTE format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', v_database);
  END LOOP;
  EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END
$$;

-- Large objects are owned by whoever makes them, and they are storage outside every table grant.
REVOKE ALL ON FUNCTION pg_catalog.lo_create(oid), pg_catalog.lo_creat(integer), pg_catalog.lo_from_bytea(oid, bytea),
  pg_catalog.lo_open(oid, integer), pg_catalog.lowrite(integer, bytea), pg_catalog.lo_put(oid, bigint, bytea),
  pg_catalog.lo_unlink(oid) FROM PUBLIC;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;

DO $$
BEGIN
  -- A prepared transaction keeps its locks after the session and the role behind it are gone.
  IF current_setting('max_prepared_transactions')::int > 0 THEN
    RAISE WARNING 'max_prepared_transactions is not 0: an agent can leave locks behind that nobody cuts';
  END IF;
  IF current_setting('password_encryption') <> 'scram-sha-256' THEN
    RAISE WARNING 'password_encryption is not scram-sha-256';
  END IF;
  IF current_setting('ssl') <> 'on' THEN
    RAISE WARNING 'ssl is off: use hostssl lines in pg_hba.conf for everything that is not on this host';
  END IF;
END
$$;
