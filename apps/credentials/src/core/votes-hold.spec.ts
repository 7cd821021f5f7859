import { describe, expect, it } from '@jest/globals';
import type { Known, Masking } from '#contracts';
import {
  digestOfBytes,
  maskedText,
  readChain,
  viewDigest,
  viewOf,
  type Chain,
  type Hiding,
  type ViewVariant,
} from '#trust';
import {
  agentId,
  anAction,
  aPerson,
  aPlan,
  aPlanned,
  aVote,
  aWorld,
  dba,
  known,
  now,
  signVerdict,
} from './evidence.fixture.js';
import { votesHold, type HeldVotes } from './votes-hold.js';

const world = aWorld();
const action = anAction(world, '019aaaaa-0000-7000-8000-000000000001');
const later = (seconds: number): string => new Date(now.getTime() + seconds * 1_000).toISOString();
const from = <K extends 'groups' | 'people'>(entry: Known<K>, changed_at: string): Known<K> => ({
  ...entry,
  changed_at,
});

function chainOf(more: Parameters<typeof aVote>[2] = {}, iat = now.getTime() / 1_000, plan = aPlan()): Chain {
  const votes = [aVote(world, { action, plan, person: 'ada' }, more)];
  const verdict = signVerdict(world, aPlanned(action, plan, { iat }));
  const chain = readChain(world.trust, { request: action.request, verdict, votes }, action);
  if (chain === undefined) throw new TypeError('the evidence must read');
  return chain;
}

const holds = (more: Partial<HeldVotes> = {}, chain = chainOf()): boolean =>
  votesHold({
    chain,
    request: action.request,
    facts: {},
    agent: world.agent,
    actionType: () => undefined,
    after: () => undefined,
    endOf: () => null,
    confirmed: new Map(),
    ...more,
  });

describe('a vote holds', () => {
  it('when the registry and the keys bear it out, and the view is that of this action', () => {
    expect(holds()).toBe(true);
  });

  it('only while its key had not ended, and only if it was ever registered here', () => {
    expect(holds({ endOf: () => undefined })).toBe(false);
    expect(holds({ endOf: () => new Date(now.getTime() - 1) })).toBe(false);
    expect(holds({ endOf: () => new Date(now.getTime() + 1) })).toBe(true);
  });

  it('where it was confirmed, only by a security key of this person that is in the list and had not ended', () => {
    const chain = chainOf();
    const [vote] = chain.votes;
    if (vote === undefined) throw new TypeError('there is a vote');
    const { iss, sub } = vote.key;
    const about = { ...vote.vote, nonce: 'N'.repeat(43), iss, sub, confirmed_at: now.toISOString() };
    const assertion = { credential_id: 'k', authenticator_data: 'a', client_data: 'c', signature: 's' };
    const stepped = { ...chain, votes: [{ ...vote, stepUp: { ...about, assertion } }] };
    const by = (key: { iss: string; sub: string; endedAt: Date | undefined }) => ({
      confirmed: new Map([[about.nonce, key]]),
    });
    expect(holds(by({ iss, sub, endedAt: undefined }), stepped)).toBe(true);
    expect(holds(by({ iss, sub, endedAt: new Date(now.getTime() + 1) }), stepped)).toBe(true);
    expect(holds(by({ iss, sub, endedAt: now }), stepped)).toBe(false);
    expect(holds(by({ iss, sub: 'eve', endedAt: undefined }), stepped)).toBe(false);
    expect(holds({}, stepped)).toBe(false);
  });

  it.each<[string, boolean, number, string[]]>([
    ['changed after the vote', true, 1, ['bob']],
    ['lost the person before the vote', false, -1, ['bob']],
    ['lost somebody else in the moment of the vote', true, -5, ['ada']],
    ['was replaced long before the vote', false, -11, ['ada', 'bob', 'eve']],
  ])('by a group that %s: %p', (_, expected, seconds, members) => {
    const after = (kind: string) => (kind === 'groups' ? from(dba(members, 2), later(seconds)) : undefined);
    expect(holds({ after })).toBe(expected);
  });

  it('not by a group or a person that is gone, or a person who was suspended by then', () => {
    expect(holds({ after: (kind) => (kind === 'groups' ? 'deleted' : undefined) })).toBe(false);
    expect(holds({ after: (kind) => (kind === 'people' ? 'deleted' : undefined) })).toBe(false);
    const gone = from(aPerson('ada', { state: 'inactive' }), later(-1));
    expect(holds({ after: (kind) => (kind === 'people' ? gone : undefined) })).toBe(false);
  });

  it('by the person alone, where the plan names them', () => {
    const plan = aPlan({ stages: [{ stage: 1, from: [{ person: 'ada' }], quorum: 1, confirmations: [] }] });
    const chain = chainOf({ counting: { seat: { stage: 1 } } }, undefined, plan);
    expect(holds({ after: (kind) => (kind === 'groups' ? 'deleted' : undefined) }, chain)).toBe(true);
    expect(holds({ after: (kind) => (kind === 'people' ? 'deleted' : undefined) }, chain)).toBe(false);
  });

  it('only for the view that is rendered here from the same evidence', () => {
    expect(holds({}, chainOf({ vote: { view_digest: `sha256:${'A'.repeat(43)}` } }))).toBe(false);
    expect(holds({}, chainOf({ vote: { variant: 'short' } }))).toBe(false);
    expect(holds({ facts: { a: { value: 1, source: 'registry', at: later(0) } } })).toBe(false);
    expect(holds({ agent: undefined })).toBe(false);
    expect(holds({ agent: known('agents', agentId, { ...world.agent.spec, owner: 'eve' }) })).toBe(false);
    expect(holds({}, chainOf({ counting: { action_type: { id: 'db.schema.migrate', version: 1 } } }))).toBe(false);
  });

  it('only for the view that the plan wants for the group of the seat, where parts are secret', () => {
    const names = ['statement'];
    const digestAs = (hiding: Hiding) => digestOfBytes(maskedText(action.value, { names }, hiding));
    const texts = { masked: digestAs('masked'), digest: digestAs('digest') };
    const secret = (own: Masking) =>
      aPlan({ secrets: { names, usual: 'shown', groups: [{ group: 'dba', masking: own }], texts } });
    const cast = (own: Masking, variant: ViewVariant, from?: string): Chain => {
      const view = { verdict: aPlanned(action, secret(own)), facts: {}, request: action.request, agent: world.agent };
      const view_digest = viewDigest(viewOf({ ...view, actionType: undefined, variant }));
      return chainOf({ vote: { view_digest, variant }, ...(from !== undefined && { from }) }, undefined, secret(own));
    };
    expect(holds({}, cast('masked', 'masked'))).toBe(true);
    expect(holds({}, cast('shown', 'full'))).toBe(true);
    expect(holds({}, cast('masked', 'full'))).toBe(false);
    expect(holds({}, cast('masked', 'digest'))).toBe(false);
    expect(holds({}, cast('shown', 'masked'))).toBe(false);
    // Whoever received the seat is shown what everybody is: here all of it, whatever the group of the seat is shown.
    expect(holds({}, cast('masked', 'masked', 'bob'))).toBe(false);
    expect(holds({}, cast('masked', 'full', 'bob'))).toBe(true);
  });

  it('on a seat that was given away, only while its giver held it and had not signed out before', () => {
    const chain = chainOf({ from: 'bob', counting: { person: 'ada' } });
    const [vote] = chain.votes;
    const giversKey = vote?.delegation?.key.thumbprint;
    if (giversKey === undefined) throw new TypeError('the seat was given away');
    const endOf = (at: number) => (thumbprint: string) =>
      thumbprint === giversKey ? new Date(now.getTime() + at) : null;
    expect(holds({}, chain)).toBe(true);
    expect(holds({ endOf: endOf(1) }, chain)).toBe(true);
    expect(holds({ endOf: endOf(0) }, chain)).toBe(false);
    expect(holds({ endOf: (thumbprint) => (thumbprint === giversKey ? undefined : null) }, chain)).toBe(false);
    const next = (kind: string, members: string[]) =>
      kind === 'groups' ? from(dba(members, 2), later(-1)) : undefined;
    expect(holds({ after: (kind) => next(kind, ['bob']) }, chain)).toBe(true);
    expect(holds({ after: (kind) => next(kind, ['ada']) }, chain)).toBe(false);
    for (const gone of ['ada', 'bob']) {
      const left = from(aPerson(gone, { state: 'inactive' }), later(-1));
      expect(holds({ after: (kind, { id }) => (kind === 'people' && id === gone ? left : undefined) }, chain)).toBe(
        false,
      );
    }
  });

  it('not when it was received before policy asked for it', () => {
    expect(holds({}, chainOf({}, now.getTime() / 1_000 + 61))).toBe(false);
  });
});
