import { setTimeout as pause } from 'node:timers/promises';
import { Client, Pool, type PoolClient, type QueryResultRow } from 'pg';
import { Fault, type Log } from '#platform';
import type { SecretFiles } from '../secret-files.js';

const idleMs = 30_000;

/** What the operator decided for each target. */
export interface TargetLimits {
  connections: number;
  /** How long an answer may take. */
  seconds: number;
}

/** Somebody else's login at a target, and how long the work with it may take. */
export interface LoginWish {
  user: string;
  password: string;
  seconds: number;
}

interface Open {
  connection: string;
  pool: Pool;
}

interface Look {
  sql: string;
  params: unknown[];
  withinMs: number;
}

/** Connections to targets, as the gate's login there: one pool per secret, made anew when the secret changes. */
export class TargetPools {
  readonly #pools = new Map<string, Open>();

  constructor(
    private readonly secrets: SecretFiles,
    private readonly limits: TargetLimits,
    private readonly log: Log,
  ) {}

  /** In milliseconds. The target's own limit is the shorter one, so that its answer comes first. */
  get #timeouts(): { connect: number; statement: number; answer: number } {
    const { seconds } = this.limits;
    return { connect: seconds * 500, statement: seconds * 800, answer: seconds * 1_000 };
  }

  /** One statement at a target, in a transaction of its own. Every failure is a retryable Fault but those that the target itself decided (`TargetRefusal`). */
  async query<R extends QueryResultRow>(secret: string, sql: string, params: unknown[] = []): Promise<R[]> {
    const pool = await this.#poolOf(secret);
    try {
      return (await pool.query<R>(sql, params)).rows;
    } catch (error) {
      throw refusal(error) ?? unavailable(error);
    }
  }

  /** As `query`, read-only, and within this many milliseconds where nothing stands in the way of a connection. */
  async look<R extends QueryResultRow>(secret: string, { sql, params, withinMs }: Look): Promise<R[]> {
    const pool = await this.#poolOf(secret);
    let client: PoolClient | undefined;
    try {
      client = await pool.connect();
      await client.query(`BEGIN READ ONLY; SET LOCAL statement_timeout = ${String(withinMs)}`);
      const { rows } = await client.query<R>(sql, params);
      await client.query('ROLLBACK');
      client.release();
      return rows;
    } catch (error) {
      client?.release(true);
      throw refusal(error) ?? unavailable(error);
    }
  }

  /**
   * Work in a session of its own with another login at the same place. A target that falls silent in the middle keeps nobody
   * waiting: after the time of the work and of one answer the session is cut on this side.
   */
  async asLogin<T>(secret: string, login: LoginWish, work: (session: Client) => Promise<T>): Promise<T> {
    const session = await this.#sessionAs(secret, login);
    const { answer, connect } = this.#timeouts;
    const late = setTimeout(() => void session.end(), login.seconds * 1_000 + answer);
    try {
      return await work(session);
    } finally {
      clearTimeout(late);
      // Whoever is silent does not say goodbye either.
      await Promise.race([session.end(), pause(connect, undefined, { ref: false })]);
    }
  }

  /** Whatever becomes of it, the error does not repeat the password. */
  async #sessionAs(secret: string, { user, password }: LoginWish): Promise<Client> {
    const url = new URL(await this.secrets.read(secret));
    url.username = user;
    url.password = password;
    const client = new Client({
      connectionString: url.href,
      connectionTimeoutMillis: this.#timeouts.connect,
      keepAlive: true,
      application_name: 'sallyport brokered',
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      throw unavailable(error);
    }
  }

  async close(): Promise<void> {
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map(({ pool }) => pool.end()));
  }

  async #poolOf(secret: string): Promise<Pool> {
    const connection = await this.secrets.read(secret);
    const known = this.#pools.get(secret);
    if (known?.connection === connection) return known.pool;
    const pool = this.#open(connection, secret);
    this.#pools.set(secret, { connection, pool });
    // Statements that run on the old connections may finish.
    void known?.pool.end().catch(() => undefined);
    return pool;
  }

  #open(connectionString: string, secret: string): Pool {
    const { connect, statement, answer } = this.#timeouts;
    const pool = new Pool({
      connectionString,
      max: this.limits.connections,
      connectionTimeoutMillis: connect,
      idleTimeoutMillis: idleMs,
      statement_timeout: statement,
      lock_timeout: connect,
      query_timeout: answer,
      keepAlive: true,
      application_name: 'sallyport credentials',
    });
    pool.on('error', () => {
      // The error's own words can name the account; which secret it was is enough to look.
      this.log.warn('target.idle_connection_lost', { ref: secret });
    });
    return pool;
  }
}

/** The target answered, and said no, by one of the codes of install.sql. Trying again does not help. */
export class TargetRefusal extends Error {
  constructor(readonly sqlState: string) {
    super(`the target refuses with ${sqlState}`);
    this.name = 'TargetRefusal';
  }
}

function refusal(error: unknown): TargetRefusal | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^SP\d{3}$/u.test(code) ? new TargetRefusal(code) : undefined;
}

/** Without pg's own words as the message: they may contain parts of a statement. */
function unavailable(cause: unknown): Fault {
  const { code } = cause as { code?: unknown };
  const message = `a statement at a target failed with ${typeof code === 'string' ? code : 'no code'}`;
  return new Fault('target_unavailable', { retryable: true, message, cause });
}
