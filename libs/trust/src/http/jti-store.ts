/** Remembers proofs that were used. Shared by all instances of a service, so it lies in the service's PostgreSQL. */
export abstract class JtiStore {
  /** True when this `jti` of this key was not seen before; from then on, for `seconds`, it is false. Atomic. */
  abstract remember(jkt: string, jti: string, seconds: number): Promise<boolean>;
}

/** What is needed of a database: `Database` of `#database`, or a `Tx`. */
export interface SqlRunner {
  query<R>(sql: string, params?: unknown[]): Promise<R[]>;
}

/** The table behind `SqlJtiStore`: run this in a migration of each service that has a door with proofs. */
export const proofJtiTable = `
  CREATE TABLE proof_jti (
    jkt text NOT NULL,
    jti text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (jkt, jti)
  );
  CREATE INDEX proof_jti_expires_at ON proof_jti (expires_at)`;

/** Each new row takes up to this many dead ones with it, so the table stays as small as the traffic of a minute. */
const sweptPerRow = 4;

/** `JtiStore` in one statement per proof, by the database's clock. */
export class SqlJtiStore extends JtiStore {
  constructor(private readonly database: SqlRunner) {
    super();
  }

  override async remember(jkt: string, jti: string, seconds: number): Promise<boolean> {
    const rows = await this.database.query(
      `WITH dead AS (
         DELETE FROM proof_jti WHERE ctid = ANY (ARRAY(
           SELECT ctid FROM proof_jti WHERE expires_at < now() - interval '5 minutes'
           ORDER BY expires_at LIMIT ${sweptPerRow} FOR UPDATE SKIP LOCKED))
       )
       INSERT INTO proof_jti (jkt, jti, expires_at) VALUES ($1, $2, now() + make_interval(secs => $3))
       ON CONFLICT (jkt, jti) DO UPDATE SET expires_at = EXCLUDED.expires_at WHERE proof_jti.expires_at < now()
       RETURNING jti`,
      [jkt, jti, seconds],
    );
    return rows.length === 1;
  }
}
