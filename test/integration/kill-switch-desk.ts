import { expect } from '@jest/globals';
import { pullAnswer, pullsAnswer, type PullLine } from '#contracts';
import { newId } from '#platform';
import { makeProof, signingKey } from '#trust';
import type { Action } from '../../apps/credentials/src/core/evidence.fixture.js';
import { eventually } from '../support/eventually.js';
import { CredentialsWorld, type Answer } from './credentials-world.js';

/** Why everything here is pulled. */
export const reason = { reason: 'refunds nobody asked for' };
export const door = '/v1/kill-switch';
const share = 'https://tool.example/api/share';

/** An action with its lease. */
export interface Held {
  action: Action;
  lease: string;
}

/** The world of credentials with two security officers in it, ines and ivo, and what they and agents do there. */
export class KillSwitchDesk {
  private constructor(readonly world: CredentialsWorld) {}

  static async open(): Promise<KillSwitchDesk> {
    const desk = new KillSwitchDesk(await CredentialsWorld.start({ SALLYPORT_CREDENTIALS_TARGET_SECONDS: '30' }));
    await desk.officers(['ines', 'ivo']);
    for (const id of ['ines', 'ivo']) await desk.world.person(id);
    for (const id of ['db.schema.migrate', 'db.index.create']) {
      const properties_schema = { type: 'object', properties: { statement: { type: 'string' } } };
      await desk.world.register('action-types', id, { risk: 'high', view: 'run {statement}', properties_schema });
    }
    await eventually(async () => {
      expect(await desk.inForce('ines')).toEqual([]);
    });
    return desk;
  }

  /** Who is in the group from now on, as the registry answers; its announcement is not waited for. */
  officers(members: string[], { quietly = false } = {}): Promise<void> {
    return this.world.register('groups', 'security-officers', { members, channel: {} }, { quietly });
  }

  pull(body: object, by = 'ines'): Promise<Answer> {
    return this.world.asPerson(by, 'POST', door, { ...reason, ...body });
  }

  async pulled(body: object): Promise<{ id: string; epoch: number; live: number }> {
    const answer = await this.pull(body);
    expect(answer).toMatchObject({ status: 202 });
    return pullAnswer.parse(answer.body);
  }

  /** A pull of which nobody knows but the table: nothing is swept, so only the check itself can stand against a lease. */
  async pulledQuietly(scope: string, id: string | null = null): Promise<string> {
    const statement = quietPull(scope, id);
    await this.world.admin(...statement);
    return String(statement[1][0]);
  }

  release(id: string, by: string): Promise<Answer> {
    return this.world.asPerson(by, 'POST', `${door}/${id}/release`, { reason: 'looked at it' });
  }

  async releasedByTwo(id: string): Promise<void> {
    await this.release(id, 'ines');
    expect((await this.release(id, 'ivo')).body).toMatchObject({ released: true });
  }

  async releaseAll(): Promise<void> {
    for (const { id } of await this.inForce()) await this.releasedByTwo(id);
  }

  async inForce(as = 'aud'): Promise<PullLine[]> {
    return pullsAnswer.parse((await this.world.asPerson(as, 'GET', door)).body).pulls;
  }

  async offered(profile = 'orders-ddl', uses = 1): Promise<Held> {
    const action = this.world.action(profile, 300, uses);
    await this.world.allow(action);
    return { action, lease: await this.world.offered(action) };
  }

  redeem({ lease, action }: Held): Promise<Answer> {
    return this.world.redeem(lease, action);
  }

  async withToken(uses = 3): Promise<Held & { token: string }> {
    const held = await this.offered('share', uses);
    return { ...held, token: (await this.world.token(await this.redeem(held))).token };
  }

  consume(token: string): Promise<Answer> {
    const key = signingKey(this.world.keys.agentKeys.sig);
    const agent_proof = makeProof({ key, htm: 'POST', htu: share, accessToken: token });
    const body = { token, agent_proof, htm: 'POST', htu: share };
    return this.world.prove('POST', '/v1/tokens/consume', body, this.world.toolKey);
  }

  /** The agent is done, and it is over. */
  async ends({ lease, action }: Held): Promise<void> {
    await this.world.complete(lease);
    await eventually(() => {
      expect(this.world.outcomes(action).at(-1)).toMatch(/^ended|^cancelled/u);
    });
  }
}

/** The statement of a pull that nobody says anything about. */
export function quietPull(scope: string, id: string | null): [string, unknown[]] {
  const sql = `INSERT INTO credentials.kill_pulls (pull_id, epoch, version, scope, scope_id, "by", reason, pulled_at, live)
     SELECT $1, coalesce(max(epoch), 0) + 1, 1, $2, $3, 'ines', 'quietly', clock_timestamp(), 0 FROM credentials.kill_pulls`;
  return [sql, [newId(), scope, id]];
}
