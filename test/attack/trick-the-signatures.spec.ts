import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { approvalGranted, policyAllowed, registryChanged, type Counting, type Known, type Verdict } from '#contracts';
import { RegistryCopy } from '#facts';
import { newId } from '#platform';
import { digestOfBytes, peek, requestAttributes, signRequest } from '#trust';
import {
  aGranting,
  aPlanned,
  aVote,
  signVerdict,
  type Action,
} from '../../apps/credentials/src/core/evidence.fixture.js';
import { authenticate, isProven } from '../../apps/intake/src/core/authenticate.js';
import { codeOf } from '../integration/answers.js';
import { CredentialsWorld } from '../integration/credentials-world.js';
import { eventually } from '../support/eventually.js';
import { anAgentSpec, aSigningKey } from '../support/gate.js';
import { takenApart, tricks, type Trick } from '../support/signature-tricks.js';
import { doors, Hands } from './signature-doors.js';

/*
 * Each statement is genuine but for its signature: what it says would be believed. All tricks are tried at each place, and then
 * the genuine one, so that a no is a no to the trick.
 */

jest.setTimeout(60_000);

let world: CredentialsWorld;
let hands: Hands;

beforeAll(async () => {
  world = await CredentialsWorld.start();
  hands = new Hands(world);
  // Before it has read the registry, the service answers nobody.
  await hands.token();
}, 90_000);

afterAll(async () => {
  await world.remove();
}, 30_000);

describe('at a door, none of the tricks makes', () => {
  it.each(doors)('$what', async ({ ready, refusal, isProviders }) => {
    for (const { how, forge } of tricks.filter(({ isExact }) => isExact !== true || isProviders !== true)) {
      const { genuine, knock } = await ready(hands);
      expect([how, codeOf(await knock(forge(genuine)))]).toEqual([how, expect.stringMatching(refusal)]);
    }
    const { genuine, knock } = await ready(hands);
    expect((await knock(genuine.jws)).status).toBeLessThan(300);
  });
});

describe('at the doors of intake, none of the tricks makes', () => {
  it.each(['Ed25519', 'P-256'] as const)('an agent’s request, by a key on %s', (crv) => {
    const { jwk, signing } = aSigningKey(crv);
    const spec = anAgentSpec([jwk]);
    const agent: Known<'agents'> = { kind: 'agents', id: 'a', version: 1, changed_by: 'r', changed_at: '', spec };
    const aud = 'gate.test.example/sallyport.requests.v1';
    const door = { aud, holderOf: (kid: string) => (kid === jwk.kid ? { agent, key: jwk } : undefined) };
    const bytes = Buffer.from('{"what":"the agent asks"}');
    const made = signRequest(signing, bytes, { aud, iat: 1_795_521_600, ce: requestAttributes('a', newId()) });
    const takes = (signature: string): boolean =>
      isProven(authenticate({ bytes, signature, appendedAt: 0, carriage: 'good', traceparent: undefined }, door));
    const genuine = takenApart(made, signing.key, bytes);
    for (const { how, forge } of tricks) expect([how, takes(forge(genuine))]).toEqual([how, false]);
    expect(takes(made)).toBe(true);
  });
});

describe('on a topic, none of the tricks makes', () => {
  /** One action for each trick, about which this is said; then what is true of it. */
  async function said(forged: (action: Action, forge: Trick['forge']) => Promise<void>): Promise<Action[]> {
    return Promise.all(tricks.map(async ({ forge }) => {
      const action = world.action();
      await forged(action, forge);
      return action;
    }));
  } // prettier-ignore

  /** How each ended that a trick was played on: told by its name. */
  const endOf = (actions: Action[]) => tricks.map(({ how }, at) => [how, world.outcomes(actions[at] as Action)]);
  const each = (...outcomes: string[]) => tricks.map(({ how }) => [how, outcomes]);
  /** What is forged would be good for a shorter time than what is true. */
  const shorter = ({ actionId }: Action, { grant }: Verdict): Pick<Verdict, 'grant'> => {
    if (grant === undefined) throw new TypeError(`${actionId} is granted nothing`);
    return { grant: { ...grant, ttl_seconds: 60 } };
  };
  const genuinelyOffered = async (actions: Action[], offer: (action: Action) => Promise<void>): Promise<void> => {
    await Promise.all(actions.map((action) => offer(action)));
    const leases = await Promise.all(actions.map((action) => world.offered(action)));
    expect(endOf(actions)).toEqual(each('offered'));
    const rows = await Promise.all(leases.map((lease) => world.row(lease)));
    expect(tricks.map(({ how }, at) => [how, rows[at]?.['ttl_seconds']])).toEqual(tricks.map(({ how }) => [how, 300]));
  };

  it('policy’s verdict: nothing is offered before the true one', async () => {
    const actions = await said(async (action, forge) => {
      const judged = world.verdict(action);
      const genuine = takenApart(
        signVerdict(world.keys, { ...judged, ...shorter(action, judged) }),
        hands.keyOf('policy', 'verdict'),
      );
      const evidence = { request: action.request, verdict: forge(genuine), facts: {} };
      await world.say(policyAllowed, action, { evidence });
    });
    await genuinelyOffered(actions, (action) => world.allow(action));
  });

  /** What approvals says when `ada` has voted; each of both signatures may be another one. */
  async function granted(action: Action, sign: { vote?: Trick['forge']; granting?: Trick['forge'] }): Promise<void> {
    const { key } = await world.voter('ada');
    const plan = world.plan();
    const seat = { stage: 1, group: { id: 'dba', version: world.peers.versionOf('groups', 'dba') } };
    const cast = aVote(world.keys, { action, plan, person: 'ada' }, { counting: { seat } });
    const vote = sign.vote === undefined ? cast.vote : sign.vote(takenApart(cast.vote, key.key));
    const count = { ...(peek(cast.counting) as Counting), proof_digest: digestOfBytes(vote) };
    const counting = world.keys.keyring('approvals').sign('vote', count, 'sallyport-counting+jws');
    const votes = [{ ...cast, vote, counting }];
    const made = aGranting(world.keys, { action, plan, votes });
    const granting =
      sign.granting === undefined ? made : sign.granting(takenApart(made, hands.keyOf('approvals', 'vote')));
    const iat = Math.floor(Date.now() / 1_000);
    const judged = aPlanned(action, plan, { iat });
    const verdict = signVerdict(world.keys, { ...judged, ...(sign.granting && shorter(action, judged)) });
    const evidence = { request: action.request, verdict, facts: {}, votes };
    await world.say(approvalGranted, action, { evidence, granting, granted: { ttl_seconds: 300, uses: 1 } });
  }

  it('approvals’ granting: nothing is offered before the true one', async () => {
    const actions = await said((action, granting) => granted(action, { granting }));
    await genuinelyOffered(actions, (action) => granted(action, {}));
  });

  it('a person’s vote: the action that it was cast on is refused, or what has no form at all is passed over', async () => {
    const formless = new Set<Action>();
    const actions = await said((action, forge) =>
      granted(action, {
        vote: (of) => {
          const forged = forge(of);
          if (forged.endsWith('.')) formless.add(action);
          return forged;
        },
      }),
    );
    await Promise.all([...formless].map((action) => granted(action, {})));
    const expected = actions.map((action) => [formless.has(action) ? 'offered' : 'refused/evidence_invalid']);
    await eventually(() => {
      expect(endOf(actions)).toEqual(tricks.map(({ how }, at) => [how, expected[at]]));
    });
  });

  it('the registry’s entry: the true one, of a version before it, is taken', async () => {
    const ids = tricks.map((_, at) => `tricked-${String(at)}`);
    const say = (id: string, sequence: number, version: number, entry: string) =>
      world.produce(registryChanged, `groups:${id}`, sequence, { kind: 'groups', id, version, entry });
    for (const [at, { forge }] of tricks.entries()) {
      const id = ids[at] ?? '';
      const first = world.peers.register('groups', id, { members: ['ada'], channel: {} }).entry;
      const later = { ...(peek(first) as object), version: 5, spec: { members: ['eve'], channel: {} } };
      const genuine = takenApart(
        world.keys.keyring('registry').sign('registry', later),
        hands.keyOf('registry', 'registry'),
      );
      await say(id, 1, 5, forge(genuine));
      await say(id, 2, 1, first);
    }
    await eventually(() => {
      const taken = ids.map((id) => world.part(RegistryCopy).versionOf('groups', id));
      expect(tricks.map(({ how }, at) => [how, taken[at]])).toEqual(tricks.map(({ how }) => [how, 1]));
    });
  });
});
