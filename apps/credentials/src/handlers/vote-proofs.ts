import { Injectable } from '@nestjs/common';
import type { Counting } from '#contracts';
import { isKnown, RegistryClient, type CopyEntry, type Wanted } from '#facts';
import { stepUpChallenge, type Chain, type Evidence, type VerifiedVote } from '#trust';
import { holderOf, voterOf, votesHold, type HeldVotes, type Successor } from '../core/votes-hold.js';
import { readAssertion } from '../io/authenticator.js';
import { PersonKeyStore } from '../io/person-key.store.js';
import { WebauthnKeyStore } from '../io/webauthn-key.store.js';
import { Pages } from './pages.js';

const nameOf = ({ kind, id, version }: Wanted): string => `${kind}:${id}@${String(version)}`;

/** Asks the registry and this service's own list of keys whether the votes are what approvals says they are. */
@Injectable()
export class VoteProofs {
  constructor(
    private readonly registry: RegistryClient,
    private readonly keys: PersonKeyStore,
    private readonly securityKeys: WebauthnKeyStore,
    private readonly pages: Pages,
  ) {}

  /** True where nobody voted, because nobody had to. Throws a retryable Fault when the registry does not answer. */
  async hold(chain: Chain, { facts, request }: Evidence): Promise<boolean> {
    if (chain.votes.length === 0) return true;
    if (facts === undefined) return false;
    const [found, ends, confirmed] = await Promise.all([
      this.read(wantedFor(chain)),
      this.keys.endsOf(chain.votes.flatMap(keysOf)),
      this.confirmations(chain),
    ]);
    const agent = found.get(nameOf({ kind: 'agents', ...chain.verdict.agent }));
    return votesHold({
      chain,
      request,
      facts,
      agent: isKnown(agent, 'agents') ? agent : undefined,
      actionType: (cited) => {
        const entry = cited && found.get(nameOf({ kind: 'action-types', ...cited }));
        return isKnown(entry, 'action-types') ? entry : undefined;
      },
      after: (kind, cited) => successorOf(found.get(nameOf({ kind, id: cited.id, version: cited.version + 1 }))),
      endOf: (thumbprint) => ends.get(thumbprint),
      confirmed,
    });
  }

  /** Each assertion once more, over the challenge that it must have been made for, by the key as it was enrolled here. */
  private async confirmations({ votes }: Chain): Promise<HeldVotes['confirmed']> {
    const stepUps = votes.flatMap(({ stepUp }) => stepUp ?? []);
    const keys = await this.securityKeys.byIds(stepUps.map(({ assertion }) => assertion.credential_id));
    const held = new Map<string, { iss: string; sub: string; endedAt: Date | undefined }>();
    for (const stepUp of stepUps) {
      const key = keys.get(stepUp.assertion.credential_id);
      if (key === undefined) continue;
      const challenge = stepUpChallenge(stepUp);
      const expected = { challenge, place: this.pages.place, publicKey: key.publicKey, counter: 0 };
      const isProven = (await readAssertion(stepUp.assertion, expected)) !== undefined;
      if (isProven) held.set(stepUp.nonce, { iss: key.holder.iss, sub: key.holder.sub, endedAt: key.endedAt });
    }
    return held;
  }

  private async read(wanted: Wanted[]): Promise<Map<string, CopyEntry>> {
    const { entries } = await this.registry.lookup({ entries: wanted });
    return new Map(
      wanted.flatMap((one, at) => {
        const entry = entries[at]?.entry;
        return entry === undefined ? [] : [[nameOf(one), entry] as const];
      }),
    );
  }
}

function wantedFor({ verdict, votes }: Chain): Wanted[] {
  const wanted = votes.flatMap(({ counting }): Wanted[] => [
    ...(counting.seat.group ? [after('groups', counting.seat.group)] : []),
    after('people', voterOf(counting)),
    after('people', holderOf(counting)),
    ...typeOf(counting),
  ]);
  const all: Wanted[] = [{ kind: 'agents', ...verdict.agent }, ...wanted];
  return [...new Map(all.map((one) => [nameOf(one), one])).values()];
}

const keysOf = ({ delegation, key }: VerifiedVote): string[] =>
  [key, ...(delegation ? [delegation.key] : [])].map(({ thumbprint }) => thumbprint);

const after = (kind: 'groups' | 'people', { id, version }: { id: string; version: number }): Wanted => ({
  kind,
  id,
  version: version + 1,
});

const typeOf = ({ action_type: cited }: Counting): Wanted[] => (cited ? [{ kind: 'action-types', ...cited }] : []);

function successorOf(entry: CopyEntry | undefined): Successor {
  if (isKnown(entry, 'groups') || isKnown(entry, 'people')) return entry;
  return entry === undefined ? undefined : 'deleted';
}
