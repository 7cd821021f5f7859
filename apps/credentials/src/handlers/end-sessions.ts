import { Injectable } from '@nestjs/common';
import { ProblemError } from '#contracts';
import { Log } from '#platform';
import { HttpTrust, verifyLogoutToken, type LoggedOut } from '#trust/http';
import { Knocks } from '../core/knocks.js';
import { EndedSessionStore } from '../io/ended-session.store.js';
import { PersonKeyStore } from '../io/person-key.store.js';
import { Transact } from './transact.js';

const waitSeconds = 10;

/**
 * A provider says that a session is over (OpenID Connect Back-Channel Logout 1.0): the keys of that session sign nothing any more.
 * Votes that were counted before stand. The answer never tells whether there was such a session.
 */
@Injectable()
export class EndSessions {
  readonly #refused = new Knocks({ most: 100, windowMs: waitSeconds * 1_000 });

  constructor(
    private readonly http: HttpTrust,
    private readonly keys: PersonKeyStore,
    private readonly sessions: EndedSessionStore,
    private readonly transact: Transact,
    private readonly log: Log,
  ) {}

  /**
   * Throws ProblemError `logout_token_invalid`, `dependency_unavailable` when the provider's keys cannot be had, and `rate_limited`
   * for a place from which too much was refused: a provider that ends a thousand sessions at once is not held up.
   */
  async handle(token: string, from: string): Promise<void> {
    if (this.#refused.areTooMany(from, performance.now())) {
      throw new ProblemError('rate_limited', { retryAfterSeconds: waitSeconds });
    }
    const said = await this.read(token, from);
    const ended = await this.transact.run(async (tx) => {
      if (!(await this.sessions.isNew(tx, said))) throw this.refusal(from);
      return this.sessions.end(tx, said);
    });
    for (const ref of ended) this.log.info('person_key.ended', { ref });
  }

  private async read(token: string, from: string): Promise<LoggedOut> {
    const now = (await this.keys.now()).getTime();
    try {
      return await verifyLogoutToken(token, { issuers: this.http.issuers, now });
    } catch (error) {
      if (error instanceof ProblemError && error.problem.code === 'token_invalid') throw this.refusal(from);
      throw error;
    }
  }

  private refusal(from: string): ProblemError {
    this.#refused.count(from, performance.now());
    return new ProblemError('logout_token_invalid');
  }
}
