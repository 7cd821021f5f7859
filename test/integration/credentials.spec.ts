import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { approvalCancelRequested, policyCancelRequested } from '#contracts';
import { codeOf, CredentialsWorld, type Answer } from './credentials-world.js';

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
  await world.suspend('active');
});

const role = (answer: Answer) => world.role(answer);
const login = ({ user, password }: { user: string; password: string }) => world.target.connect(user, password);

describe('a database role', () => {
  it('is offered, redeemed, used, completed, and gone', async () => {
    const action = world.action();
    await world.grant(action);
    const lease = await world.offered(action);
    const credential = await role(await world.redeem(lease, action));
    const agent = await login(credential);
    expect((await agent.query('SELECT count(*)::int AS n FROM orders')).rows).toEqual([{ n: 100 }]);
    expect(codeOf(await world.prove('GET', `/v1/leases/${lease}`))).toBe('200 active');
    expect(codeOf(await world.complete(lease))).toBe('202 completed');
    await world.hears(action, 'offered', 'released', 'ended/completed');
    await expect(agent.query('SELECT 1')).rejects.toThrow();
    await expect(login(credential)).rejects.toThrow(/authentication failed/u);
    expect(await world.target.roles()).toEqual([]);
    expect(world.about(action).map(({ sequence }) => sequence)).toEqual([1, 3, 5]);
    await agent.end().catch(() => undefined);
  });

  it('ends by its time to live, at the target and for the agent', async () => {
    const action = world.action('orders-ddl', 1);
    await world.allow(action);
    const lease = await world.offered(action);
    const agent = await login(await role(await world.redeem(lease, action)));
    await world.hears(action, 'offered', 'released', 'ended/ttl');
    await expect(agent.query('SELECT 1')).rejects.toThrow();
    await agent.end().catch(() => undefined);
  });

  it('is made once for eight that come at once with one key: each gets this one, or is told to wait', async () => {
    const action = world.action();
    await world.allow(action);
    const lease = await world.offered(action);
    const answers = await Promise.all(Array.from({ length: 8 }, () => world.redeem(lease, action)));
    const given = answers.filter(({ status }) => status === 200);
    expect(new Set(given.map(({ text }) => text)).size).toBe(1);
    for (const answer of answers)
      if (!given.includes(answer)) expect(codeOf(answer)).toBe('503 dependency_unavailable');
    expect(world.alarms(lease)).toEqual([]);
    expect(await world.target.roles()).toHaveLength(1);
    await world.complete(lease);
    await world.hears(action, 'offered', 'released', 'ended/completed');
  });

  it('leaves no password behind: not in the database, not on the topics', async () => {
    const action = world.action();
    await world.allow(action);
    const lease = await world.offered(action);
    const { password } = await role(await world.redeem(lease, action));
    expect(JSON.stringify(await world.row(lease))).not.toContain(password);
    expect(JSON.stringify(world.about(action))).not.toContain(password);
    await world.complete(lease);
    await world.hears(action, 'offered', 'released', 'ended/completed');
  });
});

describe('stopping', () => {
  async function active(ttl = 300) {
    const action = world.action('orders-ddl', ttl);
    await world.grant(action);
    const lease = await world.offered(action);
    return { action, lease, credential: await role(await world.redeem(lease, action)) };
  }

  it('an ask ends an offer at once, and a credential at its target', async () => {
    const offered = world.action();
    await world.grant(offered);
    await world.offered(offered);
    await world.say(approvalCancelRequested, offered, { code: 'withdrawn', by: 'ada' });
    await world.hears(offered, 'offered', 'cancelled/withdrawn');

    const { action, credential } = await active();
    const agent = await login(credential);
    await world.say(approvalCancelRequested, action, { code: 'stopped', by: 'ada' });
    await world.hears(action, 'offered', 'released', 'ended/stopped');
    await expect(agent.query('SELECT 1')).rejects.toThrow();
    expect(world.about(action).at(-1)?.data['by']).toBe('ada');
    await agent.end().catch(() => undefined);
  });

  it('an ask behind an allow ends what the allow has made', async () => {
    const action = world.action();
    await world.allow(action);
    await world.say(policyCancelRequested, action, { code: 'agent_cancelled', by: 'urn:sallyport:agent:migrator-1' });
    await world.hears(action, 'offered', 'cancelled/agent_cancelled');
  });

  it('a suspension that the registry announces ends everything of that agent', async () => {
    const { action, credential } = await active();
    const offered = world.action();
    await world.allow(offered);
    await world.offered(offered);
    await world.suspend('suspended');
    await world.hears(action, 'offered', 'released', 'ended/agent_suspended');
    await world.hears(offered, 'offered', 'cancelled/agent_suspended');
    await expect(login(credential)).rejects.toThrow();
    const later = world.action();
    await world.allow(later);
    await world.hears(later, 'cancelled/agent_suspended');
  });

  it('people of the plan’s groups and soc-lead end it, auditors look, others see nothing', async () => {
    const { action, lease } = await active();
    const [path, end] = [`/v1/leases/${lease}`, `/v1/leases/${lease}/end`];
    const reason = { reason: 'wrong table' };
    expect(codeOf(await world.asPerson('eve', 'GET', path))).toBe('404 not_found');
    expect(codeOf(await world.asPerson('eve', 'POST', end, reason))).toBe('404 not_found');
    expect(codeOf(await world.asPerson('aud', 'GET', path))).toBe('200 active');
    expect(codeOf(await world.asPerson('aud', 'POST', end, reason))).toBe('403 not_eligible');
    expect(codeOf(await world.asPerson('bob', 'POST', end, {}))).toBe('400 schema_mismatch');
    expect((await world.asPerson('bob', 'POST', end, reason)).status).toBe(202);
    await world.hears(action, 'offered', 'released', 'ended/stopped');
    expect(world.about(action).at(-1)?.data).toMatchObject({ by: 'bob', reason: 'wrong table' });
    expect(codeOf(await world.asPerson('sam', 'POST', end, reason))).toBe('410 ended');
  });

  it('an agent that completes again, or too late, is told how things stand', async () => {
    const { action, lease } = await active();
    await Promise.all([world.complete(lease), world.complete(lease)]);
    await world.hears(action, 'offered', 'released', 'ended/completed');
    expect(await world.complete(lease)).toMatchObject({ status: 202, body: { state: 'ended', code: 'completed' } });
  });
});
