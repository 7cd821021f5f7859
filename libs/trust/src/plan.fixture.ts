import type { Known, Person, Plan, Stage } from '#contracts';
import type { VoteFacts } from './satisfies.js';
import type { VerifiedVote } from './votes.js';

export const digest = `sha256:${'A'.repeat(43)}`;
export const actionId = '01938a1e-7c00-7000-8000-000000000001';

/** An instant `seconds` after the start of the day. */
export const at = (seconds: number): string => new Date(1_800_000_000_000 + seconds * 1_000).toISOString();

export const stageOf = (more: Partial<Stage> = {}): Stage => ({
  stage: 1,
  ...(more.from === undefined && { group: 'dba' }),
  quorum: 1,
  confirmations: [],
  ...more,
});

export const planOf = (stages: Stage[], more: Partial<Plan> = {}): Plan => ({
  stages,
  excluded: [],
  deadline_at: at(3_600),
  step_up: false,
  ...more,
});

export const personOf = (id: string, more: Partial<Person> = {}): Known<'people'> => ({
  kind: 'people',
  id,
  version: 1,
  changed_by: 'registrar',
  changed_at: at(0),
  spec: { identities: [{ iss: 'https://idp.example', sub: id }], name: id, limits: [], state: 'active', ...more },
});

export const groupOf = (id: string, members: string[], version = 1): Known<'groups'> => ({
  kind: 'groups',
  id,
  version,
  changed_by: 'registrar',
  changed_at: at(0),
  spec: { members, channel: {} },
});

export interface VoteMore {
  stage?: number;
  /** Empty: counted by name. */
  group?: string;
  /** The stage that the person names. */
  names?: number | undefined;
  version?: number;
  at?: number;
  deny?: boolean;
  confirmed?: string[];
  caps?: VerifiedVote['vote']['caps'];
  /** Whose key signed it, where that is not the person who was counted. */
  castBy?: string;
}

export function voteOf(person: string, more: VoteMore = {}): VerifiedVote {
  const usual = { stage: 1, group: 'dba', version: 1, at: 10, deny: false, confirmed: [], castBy: person };
  const { caps, names, ...said } = { ...usual, ...more };
  const group = { id: said.group, version: said.version };
  return {
    vote: {
      gate: 'gate.test.example', action_id: actionId, action_digest: digest, plan_digest: digest, view_digest: digest,
      variant: 'full', decision: said.deny ? 'deny' : 'approve', reason: '', confirmed: said.confirmed,
      jti: actionId, iat: 1_800_000_000, ...(caps && { caps }), ...(names !== undefined && { stage: names }),
    },
    key: {
      gate: 'gate.test.example', thumbprint: 'A'.repeat(43), iss: 'https://idp.example', sub: said.castBy, until: 1_800_028_800,
    },
    counting: {
      gate: 'gate.test.example', action_id: actionId, proof_digest: digest, person, person_version: 1,
      seat: { stage: said.stage, ...(group.id !== '' && { group }) },
      received_at: at(said.at),
    },
  }; // prettier-ignore
}

export const factsOf = (groups: Known<'groups'>[], people: Known<'people'>[]): VoteFacts => ({ groups, people });
