import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const votingKey = z.object({
  jwk: z.object({ kty: z.string(), crv: z.string(), x: z.string(), y: z.string().optional(), d: z.string() }),
  /** What credentials states about it. */
  statement: z.string(),
  thumbprint: z.string(),
  /** Seconds. */
  until: z.number(),
});
export type VotingKey = z.infer<typeof votingKey>;

const session = z.object({
  issuer: z.string(),
  subject: z.string(),
  refresh_token: z.string().optional(),
  /** By audience; each for one service only (RFC 8707). */
  tokens: z.record(z.string(), z.object({ token: z.string(), expires_at: z.number() })),
  /** What this person signs with: it lives on this machine, in this file, and as long as the sign-in. */
  voting_key: votingKey.optional(),
});
export type Session = z.infer<typeof session>;

export class SessionError extends Error {}

/** The signed-in person of one profile: a file that only its owner can read. Sign-out removes it. */
export class SessionFile {
  readonly #path: string;

  constructor(
    private readonly folder: string,
    readonly profile: string,
  ) {
    if (!/^[a-z0-9][a-z0-9._-]{0,63}$/iu.test(profile))
      throw new SessionError('a profile name is letters, digits, dot, dash and underscore');
    this.#path = join(folder, `${profile}.json`);
  }

  /** What signs this person in, for a message: `sallyport --as dana login`. */
  get howToSignIn(): string {
    return this.profile === 'default' ? 'sallyport login' : `sallyport --as ${this.profile} login`;
  }

  /** Undefined when nobody is signed in. Throws SessionError for a file that others can read, or that is no sign-in. */
  read(): Session | undefined {
    const text = this.text();
    if (text === undefined) return undefined;
    const parsed = session.safeParse(parse(text));
    if (parsed.success) return parsed.data;
    throw new SessionError(`${this.#path} is damaged: ${this.howToSignIn}`);
  }

  /** The file is replaced in one step: never half written, and never in a file that was made with wider rights. */
  write(value: Session): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const fresh = `${this.#path}.${String(process.pid)}`;
    rmSync(fresh, { force: true });
    writeFileSync(fresh, JSON.stringify(value), { mode: 0o600, flag: 'wx' });
    renameSync(fresh, this.#path);
  }

  remove(): void {
    rmSync(this.#path, { force: true });
  }

  /** Looks at the rights of the very file that is read. */
  private text(): string | undefined {
    let file: number;
    try {
      file = openSync(this.#path, 'r');
    } catch (error) {
      if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') return undefined;
      throw new SessionError(`${this.#path} cannot be read: remove it and sign in again`);
    }
    try {
      if ((fstatSync(file).mode & 0o077) !== 0)
        throw new SessionError(`${this.#path} can be read by others: remove it and sign in again`);
      return readFileSync(file, 'utf8');
    } finally {
      closeSync(file);
    }
  }
}

/** What this person signs with. Throws SessionError when nobody is signed in, and for a key that is missing or over. */
export function livingKey(session: SessionFile, now = Date.now()): VotingKey {
  const { voting_key: key } = session.read() ?? {};
  if (key === undefined) throw new SessionError(`there is no key to sign with: ${session.howToSignIn}`);
  if (key.until * 1_000 <= now) throw new SessionError(`your key to sign with is over: ${session.howToSignIn}`);
  return key;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
