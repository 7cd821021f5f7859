import type { Counting, Delegation, Known, Person, PersonKey, Plan, Stage } from '#contracts';
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
  spec: { members, channel: { mail: `${id}@example.test` } },
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
  /** Who gave them the seat; and whose key signed that, where it is not theirs. */
  from?: string;
  givenBy?: string;
}

const keyOf = (sub: string): PersonKey => ({
  gate: 'gate.test.example',
  thumbprint: 'A'.repeat(43),
  iss: 'https://idp.example',
  sub,
  until: 1_800_028_800,
});

const about = {
  gate: 'gate.test.example',
  action_id: actionId,
  action_digest: digest,
  plan_digest: digest,
  jti: actionId,
  iat: 1_800_000_000,
};

export const delegationTo = (to: string): Delegation => ({ ...about, to, until: at(3_000), reason: 'on leave' });

export function voteOf(person: string, more: VoteMore = {}): VerifiedVote {
  const given = seatOf(person, more);
  return {
    vote: {
      ...about, view_digest: digest, variant: 'full', decision: more.deny === true ? 'deny' : 'approve', reason: '',
      confirmed: more.confirmed ?? [], ...(more.caps && { caps: more.caps }), ...(more.names !== undefined && { stage: more.names }),
    },
    key: keyOf(more.castBy ?? person),
    ...(given && { delegation: given.delegation }),
    counting: countingOf(person, more, given?.delegated),
  }; // prettier-ignore
}

function countingOf(person: string, more: VoteMore, delegated: Counting['delegated']): Counting {
  return {
    gate: about.gate, action_id: actionId, proof_digest: digest, person, person_version: 1,
    seat: { stage: more.stage ?? 1, ...(more.group !== '' && { group: { id: more.group ?? 'dba', version: more.version ?? 1 } }) },
    ...(delegated && { delegated }), received_at: at(more.at ?? 10),
  }; // prettier-ignore
}

function seatOf(to: string, { from, givenBy = from }: VoteMore) {
  if (from === undefined || givenBy === undefined) return undefined;
  const delegation = { given: delegationTo(to), key: keyOf(givenBy) };
  return { delegation, delegated: { by: { id: from, version: 1 }, given_at: at(5) } };
}

export const factsOf = (groups: Known<'groups'>[], people: Known<'people'>[]): VoteFacts => ({ groups, people });
