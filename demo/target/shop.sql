-- The demo's target: a small shop. Run once, in an empty database; deploy/postgres-target is installed afterwards, with
-- a profile for each of the groups shop_schema and shop_reader: what a lease may do is what its group role may do.

CREATE ROLE shop_owner NOLOGIN;
CREATE ROLE shop_schema NOLOGIN;
CREATE ROLE shop_reader NOLOGIN;

CREATE TABLE customers (
  id        text PRIMARY KEY,
  name      text NOT NULL,
  city      text NOT NULL,
  email     text NOT NULL,
  iban      text NOT NULL,
  diagnosis text
);
CREATE TABLE orders (
  id           text PRIMARY KEY,
  customer_id  text NOT NULL REFERENCES customers (id),
  placed_at    timestamptz NOT NULL,
  total_minor  int NOT NULL CHECK (total_minor > 0),
  currency     text NOT NULL DEFAULT 'EUR',
  state        text NOT NULL CHECK (state IN ('paid', 'shipped', 'returned'))
);
CREATE INDEX orders_by_customer ON orders (customer_id);

-- What the demo's tools write. Each row names the action that the gate released for it: one row for one use.
CREATE TABLE payments (
  action_id    uuid PRIMARY KEY,
  order_id     text NOT NULL REFERENCES orders (id),
  amount_minor int NOT NULL CHECK (amount_minor > 0),
  currency     text NOT NULL,
  agent_id     text NOT NULL,
  paid_at      timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE shared_rows (
  action_id    uuid NOT NULL,
  counterparty text NOT NULL,
  customer_id  text NOT NULL REFERENCES customers (id),
  shared       jsonb NOT NULL,
  shared_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (action_id, customer_id)
);
CREATE TABLE workloads (
  id             text PRIMARY KEY,
  quarantined    boolean NOT NULL DEFAULT false,
  quarantined_by uuid
);

INSERT INTO customers
SELECT 'c-' || n,
  (ARRAY['Ada', 'Bela', 'Carla', 'Dario', 'Elin', 'Fritz', 'Gesa', 'Hanno'])[1 + n % 8] || ' '
    || (ARRAY['Adler', 'Brandt', 'Conti', 'Dahl', 'Eklund'])[1 + n % 5],
  (ARRAY['Bern', 'Bremen', 'Graz', 'Lyon', 'Oslo', 'Porto'])[1 + n % 6],
  'customer' || n || '@mail.example',
  'DE00' || lpad((n * 7919)::text, 18, '0'),
  CASE WHEN n % 9 = 0 THEN 'allergy on file' END
FROM generate_series(1, 400) AS n;
INSERT INTO orders (id, customer_id, placed_at, total_minor, state)
SELECT 'ord-' || n, 'c-' || (1 + n % 400), now() - n * interval '3 hours', 900 + (n * 37) % 9000,
  (ARRAY['paid', 'shipped', 'returned'])[1 + n % 3]
FROM generate_series(1, 1500) AS n;
INSERT INTO workloads (id) SELECT 'workloads/web-' || n FROM generate_series(1, 12) AS n;

ALTER TABLE customers OWNER TO shop_owner;
ALTER TABLE orders OWNER TO shop_owner;
-- Changing a table takes its owner's rights: inherited, never by SET ROLE, which would outlive the lease.
GRANT shop_owner TO shop_schema WITH INHERIT TRUE, SET FALSE;
GRANT SELECT ON orders, customers TO shop_reader;
