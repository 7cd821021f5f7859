import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { generatePrivateJwk, makeProof, signingKey, type PrivateJwk } from '#trust';
import { codeOf, CredentialsWorld, type Answer } from '../integration/credentials-world.js';

// Longer than `eventually` waits, so that a case that fails says what was missing.
jest.setTimeout(30_000);

let world: CredentialsWorld;

beforeAll(async () => {
  world = await CredentialsWorld.start();
}, 90_000);

afterAll(async () => {
  await world.remove();
}, 30_000);

afterEach(async () => {
  world.peers.judge = (action) => world.verdict(action);
  world.peers.isRegistryDown = false;
  await world.suspend('active');
});

const role = (answer: Answer) => world.role(answer);
const token = (answer: Answer) => world.token(answer);

describe('an action token', () => {
  const share = 'https://tool.example/api/share';

  async function aToken(uses = 1) {
    const action = world.action('share', 60, uses);
    await world.allow(action);
    const lease = await world.offered(action);
    return { action, lease, ...(await token(await world.redeem(lease, action))) };
  }

  const proofFor = (accessToken: string, key: PrivateJwk = world.keys.agentKeys.sig): string =>
    makeProof({ key: signingKey(key), htm: 'POST', htu: share, accessToken });
  const consume = (token: string, agent_proof = proofFor(token), key: PrivateJwk = world.toolKey): Promise<Answer> =>
    world.prove('POST', '/v1/tokens/consume', { token, agent_proof, htm: 'POST', htu: share }, key);

  it('tells the tool the exact frozen action, as often as it has uses', async () => {
    const { action, lease, token: jwt, uses } = await aToken(2);
    expect(uses).toBe(2);
    const answer = await consume(jwt);
    expect(answer).toMatchObject({
      status: 200,
      body: { action_digest: action.digest, action: action.value.action, uses_left: 1 },
    });
    expect((await consume(jwt)).body).toMatchObject({ uses_left: 0 });
    expect(codeOf(await consume(jwt))).toBe('410 already_used');
    await world.complete(lease);
    await world.hears(action, 'offered', 'released', 'ended/completed');
    expect(codeOf(await consume(jwt))).toBe('410 ended');
  });

  it('is spent once by many that come at once', async () => {
    const { token: jwt } = await aToken(1);
    const answers = await Promise.all(Array.from({ length: 6 }, () => consume(jwt)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter((answer) => codeOf(answer) === '410 already_used')).toHaveLength(5);
  });

  it('is worth nothing without the agent’s own fresh proof, and to nobody but its tool', async () => {
    const { token: jwt } = await aToken(3);
    expect(codeOf(await consume(jwt, proofFor(jwt, generatePrivateJwk('Ed25519'))))).toBe('401 proof_invalid');
    expect(codeOf(await consume(jwt, proofFor('another')))).toBe('401 proof_invalid');
    expect(codeOf(await consume(jwt, proofFor(jwt), generatePrivateJwk('Ed25519')))).toBe('401 key_unknown');
    expect(codeOf(await consume(jwt, proofFor(jwt), world.keys.agentKeys.sig))).toBe('404 not_found');
    expect(codeOf(await consume(`${jwt.slice(0, -4)}AAAA`))).toBe('401 token_invalid');
    const once = proofFor(jwt);
    expect((await consume(jwt, once)).body).toMatchObject({ uses_left: 2 });
    expect(codeOf(await consume(jwt, once))).toBe('401 proof_invalid');
  });

  it('is dead for an agent that is suspended at this moment, and when the registry does not answer', async () => {
    const { action, token: jwt } = await aToken(3);
    world.peers.isRegistryDown = true;
    expect(codeOf(await consume(jwt))).toBe('503 dependency_unavailable');
    world.peers.isRegistryDown = false;
    await world.suspend('suspended', { quietly: true });
    expect(codeOf(await consume(jwt))).toBe('403 agent_suspended');
    await world.hears(action, 'offered', 'released', 'ended/agent_suspended');
  });
});

describe('no offer', () => {
  it('for a verdict on another action: it is refused, once and for all', async () => {
    const [action, other] = [world.action(), world.action()];
    await world.allow(action, { action_digest: other.digest });
    await world.hears(action, 'refused/evidence_invalid');
    await world.allow(action);
    await world.allow(other);
    await world.offered(other);
    expect(world.outcomes(action)).toEqual(['refused/evidence_invalid']);
  });

  it('for an allow or a grant by which nobody handed the action on: nothing is said, and the true one is offered', async () => {
    const [action, other] = [world.action(), world.action()];
    await world.allow(action, { outcome: 'require_approval', code: 'approved', plan: world.plan() });
    await world.allow(action, { action_id: other.actionId });
    await world.grant(action, ['ada', 'bob'], { granting: { action_id: other.actionId } });
    await world.grant(action, ['ada', 'bob'], { granting: { agent_id: 'migrator-2' } });
    await world.grant(action);
    await world.offered(action);
    expect(world.outcomes(action)).toEqual(['offered']);
  });

  it('for other votes than those with which approvals handed the action on: it is refused', async () => {
    const action = world.action();
    await world.grant(action, ['ada', 'bob'], { granting: { votes: [action.digest] } });
    await world.hears(action, 'refused/evidence_invalid');
  });

  it('under a profile that wants a person where policy asked none', async () => {
    await world.register('profiles', 'orders-ddl', world.profile({ requires_person: true, min_quorum: 1 }));
    const action = world.action();
    await world.allow(action, { grant: { ...grantOf(action), profile: { id: 'orders-ddl', version: 2 } } });
    await world.hears(action, 'refused/profile_mismatch');
    await world.register('profiles', 'orders-ddl', world.profile({}));
  });

  it('for a verdict whose time has passed', async () => {
    const action = world.action();
    await world.allow(action, { exp: Math.floor(Date.now() / 1_000) - 1 });
    await world.hears(action, 'expired/offer_expired');
  });

  const grantOf = (action: Parameters<CredentialsWorld['verdict']>[0]) => {
    const { grant } = world.verdict(action);
    if (grant === undefined) throw new TypeError('an allow has a grant');
    return grant;
  };

  it('twice: the same event again, and a second one for the same action, change nothing', async () => {
    const action = world.action();
    await world.allow(action);
    await world.offered(action);
    await world.allow(action);
    const marker = world.action();
    await world.allow(marker);
    await world.offered(marker);
    expect(world.outcomes(action)).toEqual(['offered']);
  });
});

describe('no release', () => {
  async function anOffer() {
    const action = world.action();
    await world.grant(action);
    return { action, lease: await world.offered(action) };
  }

  it('for another digest, another agent, an unknown lease: the lease is unharmed', async () => {
    const { action, lease } = await anOffer();
    expect(codeOf(await world.redeem(lease, world.action('share')))).toBe('409 digest_mismatch');
    const stranger = generatePrivateJwk('Ed25519');
    expect(
      codeOf(await world.prove('POST', `/v1/leases/${lease}/redeem`, { action_digest: action.digest }, stranger)),
    ).toBe('401 key_unknown');
    const asOther = (method: 'GET' | 'POST', path: string, body?: unknown) =>
      world.prove(method, `/v1/leases/${lease}${path}`, body, world.otherKey);
    expect(codeOf(await asOther('POST', '/redeem', { action_digest: action.digest }))).toBe('404 not_found');
    expect(codeOf(await asOther('POST', '/complete'))).toBe('404 not_found');
    expect(codeOf(await asOther('GET', ''))).toBe('404 not_found');
    expect(codeOf(await world.redeem('019abbbb-0000-7000-8000-000000000001', action))).toBe('404 not_found');
    expect(codeOf(await world.redeem('nonsense', action))).toBe('404 not_found');
    expect(codeOf(await world.prove('POST', `/v1/leases/${lease}/redeem`, { digest: 1 }))).toBe('400 schema_mismatch');
    await role(await world.redeem(lease, action));
    await world.complete(lease);
    await world.hears(action, 'offered', 'released', 'ended/completed');
  });

  it('while something does not answer: policy, registry, the target; and then it works', async () => {
    const { action, lease } = await anOffer();
    world.peers.judge = undefined;
    expect(codeOf(await world.redeem(lease, action))).toBe('503 dependency_unavailable');
    world.peers.judge = (asked) => ({ ...world.verdict(asked), action_digest: `sha256:${'B'.repeat(43)}` });
    expect(codeOf(await world.redeem(lease, action))).toBe('503 dependency_unavailable');
    world.peers.judge = (asked) => world.verdict(asked);
    world.peers.isRegistryDown = true;
    expect(codeOf(await world.redeem(lease, action))).toBe('503 dependency_unavailable');
    world.peers.isRegistryDown = false;
    await world.target.postgres.stop();
    expect(codeOf(await world.redeem(lease, action))).toBe('503 dependency_unavailable');
    await world.target.postgres.start();
    expect(world.outcomes(action)).toEqual(['offered']);
    await role(await world.redeem(lease, action));
    await world.complete(lease);
    await world.hears(action, 'offered', 'released', 'ended/completed');
  }, 30_000);

  it('when policy has changed its mind', async () => {
    const { action, lease } = await anOffer();
    world.peers.judge = (asked) => world.verdict(asked, { outcome: 'deny', code: 'policy_denied' });
    expect(codeOf(await world.redeem(lease, action))).toBe('409 policy_changed');
    await world.hears(action, 'offered', 'refused/policy_changed');
    expect(codeOf(await world.redeem(lease, action))).toBe('409 policy_changed');
  });

  it('when the people who voted were not in the group they sat for', async () => {
    const action = world.action();
    await world.grant(action, ['eve']);
    const lease = await world.offered(action);
    expect(codeOf(await world.redeem(lease, action))).toBe('409 evidence_invalid');
    await world.hears(action, 'offered', 'refused/evidence_invalid');
    expect(await world.target.roles()).toEqual([]);
  });

  it('on a vote of the next group that came too early; whom the plan names needs no group', async () => {
    const [early, named] = [world.action(), world.action()];
    const stage = { stage: 1, quorum: 1, confirmations: [] };
    const goesOn = { ...stage, group: 'security', escalate: { after_seconds: 60, to: 'dba' } };
    const begins_at = new Date(Date.now() - 30_000).toISOString();
    await world.grant(early, ['ada'], { plan: world.plan({ stages: [goesOn], begins_at }) });
    const byName = world.plan({ stages: [{ ...stage, from: [{ person: 'ada', manager_of: 'paul' }] }] });
    await world.grant(named, ['ada'], { plan: byName, seat: { stage: 1 } });
    expect(codeOf(await world.redeem(await world.offered(early), early))).toBe('409 evidence_invalid');
    const lease = await world.offered(named);
    await role(await world.redeem(lease, named));
    await world.complete(lease);
    await world.hears(named, 'offered', 'released', 'ended/completed');
  });

  it('to a suspended agent: its offers are gone at its first try', async () => {
    const { action, lease } = await anOffer();
    await world.suspend('suspended', { quietly: true });
    expect(codeOf(await world.redeem(lease, action))).toBe('403 agent_suspended');
    await world.hears(action, 'offered', 'cancelled/agent_suspended');
  });

  it('when the mint fails: nothing is left, and the agent hears it', async () => {
    const { action, lease } = await anOffer();
    await world.target.admin(`UPDATE sallyport.profiles SET max_ttl_seconds = 10 WHERE name = 'orders_ddl'`);
    expect(codeOf(await world.redeem(lease, action))).toBe('409 mint_failed');
    await world.hears(action, 'offered', 'refused/mint_failed');
    await world.target.admin(`UPDATE sallyport.profiles SET max_ttl_seconds = 600 WHERE name = 'orders_ddl'`);
    expect(await world.target.roles()).toEqual([]);
  });
});
