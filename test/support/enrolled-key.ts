import { ceremonyAnswer, type CeremonyAnswer, type EvidenceAnswer } from '#contracts';
import type { RunningGate } from './running-gate.js';
import { SecurityKey, type Touch } from './security-key.js';

/** What the page of this link asks an authenticator for. */
async function touchOf({ url }: CeremonyAnswer): Promise<Touch> {
  const page = await (await fetch(url)).text();
  const options = /data-options="([^"]+)"/u.exec(page)?.[1]?.replaceAll('&quot;', '"') ?? '{}';
  const { challenge = '' } = JSON.parse(options) as { challenge?: string };
  const { hostname: rpId, origin } = new URL(url);
  return { challenge, origin, rpId };
}

/** A person's security key at a whole gate, and what is done with it through the doors. */
export class EnrolledKey {
  private constructor(
    private readonly gate: RunningGate,
    readonly person: string,
    readonly key: SecurityKey,
  ) {}

  static async of(gate: RunningGate, person: string): Promise<EnrolledKey> {
    const enrolled = new EnrolledKey(gate, person, new SecurityKey());
    const begun = await enrolled.#begin('/v1/webauthn-keys', { label: 'blue' });
    const answer = await enrolled.send(begun, enrolled.key.create(await touchOf(begun)));
    if (!answer.ok) throw new Error(`${person} has no security key: ${await answer.text()}`);
    return enrolled;
  }

  /** A page on which to confirm an approving vote. */
  async page(actionId: string): Promise<CeremonyAnswer> {
    return this.#begin(`/v1/step-up/${actionId}`, await this.body(actionId));
  }

  /** What asks for such a page. */
  async body(actionId: string): Promise<object> {
    const path = `/v1/approvals/${actionId}`;
    const shown = await this.gate.as(this.person, 'approvals', path);
    const evidence = await this.gate.as(this.person, 'approvals', `${path}/evidence`);
    const { view_digest } = (await shown.json()) as { view_digest: string };
    return { decision: 'approve', view_digest, evidence: (await evidence.json()) as EvidenceAnswer };
  }

  /** What the page sends when the key was touched. */
  async touched(begun: CeremonyAnswer): Promise<{ secret: string; credential: unknown }> {
    return { secret: begun.secret, credential: this.key.get(await touchOf(begun)) };
  }

  send({ secret, url }: CeremonyAnswer, credential: unknown): Promise<Response> {
    const { origin, pathname } = new URL(url);
    const body = JSON.stringify({ secret, credential });
    return fetch(`${origin}${pathname}/answer`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
  }

  /** The statement that goes with the vote. */
  async confirm(actionId: string): Promise<string> {
    const begun = await this.page(actionId);
    await this.send(begun, (await this.touched(begun)).credential);
    const result = await this.gate.as(this.person, 'credentials', `/v1/step-up/${begun.id}/result?c=${begun.secret}`);
    return ((await result.json()) as { statement: string }).statement;
  }

  async #begin(path: string, body: object): Promise<CeremonyAnswer> {
    const answer = await this.gate.as(this.person, 'credentials', path, { method: 'POST', body });
    return ceremonyAnswer.parse(await answer.json());
  }
}
