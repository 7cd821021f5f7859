import { Injectable } from '@nestjs/common';
import { ProblemError, topics, type Known, type Plan, type RegistryKind } from '#contracts';
import { RegistryClient, RegistryCopy, type Wanted } from '#facts';
import { CommonSettings } from '#platform';
import { citedBy, Trust, type Chain, type Evidence, type VoteFacts } from '#trust';
import type { Lease } from '../core/lease.js';
import { VoteProofs } from './vote-proofs.js';

export interface Access {
  agent: Known<'agents'> | null;
  profile: Known<'profiles'> | null;
  target: Known<'targets'> | null;
}

/** The registry as it is at this moment, for one redeem. No answer is a 503, never a yes. */
@Injectable()
export class RedeemFacts {
  constructor(
    private readonly registry: RegistryClient,
    private readonly copy: RegistryCopy,
    private readonly settings: CommonSettings,
    private readonly proofs: VoteProofs,
    readonly trust: Trust,
  ) {}

  /** The agent, the profile and its target now. Null for what is not registered (any more). */
  async access({ agentId, profile: profileId, target: targetId }: Lease): Promise<Access> {
    const found = await this.registry.current([
      { kind: 'agents', id: agentId },
      { kind: 'profiles', id: profileId },
      { kind: 'targets', id: targetId },
    ]);
    const agent = ofKind(found, 'agents');
    const profile = ofKind(found, 'profiles');
    if (profile === null || profile.spec.target === targetId)
      return { agent, profile, target: ofKind(found, 'targets') };
    // The profile points elsewhere since the offer was made.
    const [target = null] = await this.registry.current([{ kind: 'targets', id: profile.spec.target }]);
    return { agent, profile, target };
  }

  /** The groups and people at the versions that the countings cite, and whoever these plans exclude. */
  async votes(chain: Chain, ...plans: (Plan | undefined)[]): Promise<VoteFacts> {
    const { groups, people } = citedBy(chain, plans);
    const wanted: Wanted[] = [
      ...groups.map((group) => wantedOf('groups', group)),
      ...people.map((one) => wantedOf('people', one)),
    ];
    if (wanted.length === 0) return { groups: [], people: [] };
    const found = (await this.registry.current(wanted)).filter((entry) => entry !== null);
    return {
      groups: found.filter((entry): entry is Known<'groups'> => entry.kind === 'groups'),
      people: found.filter((entry): entry is Known<'people'> => entry.kind === 'people'),
    };
  }

  /** Whether the votes are what approvals says they are, by the registry and by the keys of people. */
  votesHold(chain: Chain, evidence: Evidence): Promise<boolean> {
    return this.proofs.hold(chain, evidence);
  }

  /** The doors a request may have come through. */
  audiences(): string[] {
    return [
      `${this.settings.SALLYPORT_GATE_ID}/${topics.requests}`,
      `${this.settings.SALLYPORT_INTAKE_URL}/v1/actions`,
    ];
  }

  /** Whom the agent acts for, as the registry names that person. */
  principal({ value }: Chain): string | undefined {
    const { on_behalf_of } = value.context;
    if (on_behalf_of === undefined) return undefined;
    const person = this.copy.personByIdentity(on_behalf_of.iss, on_behalf_of.sub);
    if (person === undefined) throw new ProblemError('policy_changed');
    return `urn:sallyport:person:${person.id}`;
  }
}

function ofKind<K extends RegistryKind>(found: readonly (Known<RegistryKind> | null)[], kind: K): Known<K> | null {
  return (found.find((entry) => entry?.kind === kind) as Known<K> | undefined) ?? null;
}

const wantedOf = (kind: RegistryKind, { id, version }: { id: string; version?: number }): Wanted => ({
  kind,
  id,
  ...(version === undefined ? {} : { version }),
});
