import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const session = z.object({
  issuer: z.string(),
  subject: z.string(),
  refresh_token: z.string().optional(),
  /** By audience; each for one service only (RFC 8707). */
  tokens: z.record(z.string(), z.object({ token: z.string(), expires_at: z.number() })),
});
export type Session = z.infer<typeof session>;

export class SessionError extends Error {}

/** The signed-in person of one profile: a file that only its owner can read. Sign-out removes it. */
export class SessionFile {
  readonly #path: string;

  constructor(
    private readonly folder: string,
    profile: string,
  ) {
    if (!/^[a-z0-9][a-z0-9._-]{0,63}$/iu.test(profile))
      throw new SessionError('a profile name is letters, digits, dot, dash and underscore');
    this.#path = join(folder, `${profile}.json`);
  }

  read(): Session | undefined {
    let mode: number;
    try {
      ({ mode } = statSync(this.#path));
    } catch {
      return undefined;
    }
    if ((mode & 0o077) !== 0)
      throw new SessionError(`${this.#path} can be read by others: remove it and sign in again`);
    const parsed = session.safeParse(JSON.parse(readFileSync(this.#path, 'utf8')));
    return parsed.data;
  }

  write(value: Session): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    writeFileSync(this.#path, JSON.stringify(value), { mode: 0o600 });
  }

  remove(): void {
    rmSync(this.#path, { force: true });
  }
}
