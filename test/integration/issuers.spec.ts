import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { issuerKinds, type IssuerKind } from '#contracts';
import { newId } from '#platform';
import type { Action } from '../../apps/credentials/src/core/evidence.fixture.js';
import { giveUp, type Lease } from '../../apps/credentials/src/core/lease.js';
import { MintIntent } from '../../apps/credentials/src/handlers/mint-intent.js';
import { OfferedLeases } from '../../apps/credentials/src/handlers/offered-leases.js';
import type { Issuer, Minted } from '../../apps/credentials/src/io/issuers/issuer.js';
import { capabilitiesOf, Issuers } from '../../apps/credentials/src/io/issuers/issuers.js';
import { LeaseStore } from '../../apps/credentials/src/io/lease.store.js';
import { eventually } from '../support/eventually.js';
import { codeOf, CredentialsWorld, type Answer } from './credentials-world.js';
import { handsOf, type Hand } from './issuer-hands.js';

/*
 * One suite for every kind of credential, through the doors of the real service. A new issuer passes it, or is none.
 */

jest.setTimeout(60_000);

let world: CredentialsWorld;
const hands = handsOf(() => world);

beforeAll(async () => {
  world = await CredentialsWorld.start();
}, 90_000);

afterAll(async () => {
  await world.remove();
}, 30_000);

it('runs on every issuer', () => {
  expect(hands.map(({ kind }) => kind).sort()).toEqual(Object.keys(issuerKinds).sort());
});

describe.each(hands.map((hand): [IssuerKind, Hand] => [hand.kind, hand]))('%s', (kind, hand) => {
  const claims = capabilitiesOf[kind];
  const issuer = (): Issuer => world.part(Issuers).of(kind);

  async function anOffer(ttlSeconds = 300): Promise<{ action: Action; leaseId: string }> {
    const action = world.actionWith({
      requested_access: { profile: hand.profile, ttl_seconds: ttlSeconds, uses: 1 },
      // What a brokered statement reads is as secret as a credential.
      action: {
        name: 'db.schema.migrate',
        properties: { statement: `SELECT total || '-${newId()}' FROM orders LIMIT 1` },
      },
    });
    await world.allow(action);
    return { action, leaseId: await world.offered(action) };
  }

  async function released(ttlSeconds?: number) {
    const { action, leaseId } = await anOffer(ttlSeconds);
    return { action, leaseId, credential: await world.credential(await world.redeem(leaseId, action)) };
  }

  const acknowledge = (leaseId: string): Promise<Answer> => world.prove('POST', `/v1/leases/${leaseId}/acknowledge`);
  const given200 = (answers: Answer[]): number => answers.filter(({ status }) => status === 200).length;

  /** Where the agent holds nothing, there is nothing that could work. */
  async function works(made: Minted): Promise<void> {
    if (claims.agentHolds !== 'nothing') await hand.use(made);
  }

  async function leaseOf(leaseId: string): Promise<Lease> {
    const lease = await world.part(LeaseStore).find(leaseId);
    if (lease === undefined) throw new TypeError('no lease');
    return lease;
  }

  /** Exactly what stands in the database when a process has written its intent. */
  async function intended(action: Action, leaseId: string) {
    const lease = await leaseOf(leaseId);
    const profile = world.profiles[hand.profile];
    const target = issuerKinds[kind].target === 'tool' ? world.toolTarget : world.databaseTarget;
    if (profile === undefined) throw new TypeError('no profile');
    const common = { profile, target, action: action.value.action, principal: undefined };
    const ready = { ...common, lease, terms: { ...lease, uses: 1 }, agent: world.keys.agent, jkt: 'A'.repeat(43) };
    const intent = await world.part(MintIntent).write(ready, issuer());
    if (intent === undefined) throw new TypeError('somebody else has taken it');
    const { lease: minting, now } = intent;
    return { ...common, lease: minting, now };
  }

  it('declares of itself what the page says', () => {
    expect(issuer().capabilities).toEqual(claims);
    expect(issuer().kind).toBe(kind);
    expect('listOurs' in issuer()).toBe(claims.listed);
    expect(hand.open !== undefined).toBe(claims.openSessions === 'cut');
  });

  it('makes what works, for nothing else, and ends it for good', async () => {
    const { action, leaseId, credential } = await released();
    await expect(hand.abuse(credential)).rejects.toThrow();
    await works(credential);
    await world.complete(leaseId);
    await world.hears(action, 'offered', 'released', 'ended/completed');
    await expect(hand.use(credential)).rejects.toThrow();
    expect(await issuer().gone([await leaseOf(leaseId)])).toEqual(new Set([leaseId]));
  });

  it('lets no new use begin from the answer of an end on', async () => {
    expect(claims.stopsNewUse).toBe(true);
    const { action, leaseId, credential } = await released();
    expect((await world.asPerson('sam', 'POST', `/v1/leases/${leaseId}/end`, { reason: 'enough' })).status).toBe(202);
    await world.hears(action, 'offered', 'released', 'ended/stopped');
    await expect(hand.use(credential)).rejects.toThrow();
  });

  it('cuts a session that is open', async () => {
    if (hand.open === undefined) {
      expect(claims.openSessions).toBe('none');
      return;
    }
    const { action, leaseId, credential } = await released();
    const session = await hand.open(credential);
    await session.use();
    await world.complete(leaseId);
    await world.hears(action, 'offered', 'released', 'ended/completed');
    await expect(session.use()).rejects.toThrow();
    await session.close();
  });

  it('makes one for one lease: of two keys that come at the same time one gets it, and the other an alarm', async () => {
    const { action, leaseId } = await anOffer();
    const keys = [world.keys.agentKeys.sig, world.secondKey];
    const [first, second] = await Promise.all(
      keys.map((key) => Promise.all(Array.from({ length: 3 }, () => world.redeem(leaseId, action, key)))),
    );
    const [given = [], refused = []] = [first, second].sort((a = [], b = []) => given200(b) - given200(a));
    for (const answer of given) expect(['200 undefined', '503 dependency_unavailable']).toContain(codeOf(answer));
    expect(new Set(given.filter(({ status }) => status === 200).map(({ text }) => text)).size).toBe(1);
    expect(refused.map(codeOf)).toEqual(Array.from({ length: 3 }, () => '410 already_redeemed'));
    await eventually(() => {
      expect(world.alarms(leaseId)).toMatchObject([{ why: 'other_key', ends: false }]);
    });
    await world.complete(leaseId);
    await world.hears(action, 'offered', 'released', 'ended/completed');
  });

  it('is given again, the very same, to the key that lost the answer, until it is acknowledged', async () => {
    const { action, leaseId } = await anOffer();
    const lost = await world.redeem(leaseId, action);
    const found = await world.redeem(leaseId, action);
    expect(found.text).toBe(lost.text);
    await works(await world.credential(found));
    const { sealed } = await world.delivery(leaseId);
    expect((sealed as Buffer).includes(lost.text.slice(-40))).toBe(false);
    expect(codeOf(await world.redeem(leaseId, action, world.secondKey))).toBe('410 already_redeemed');
    expect((await acknowledge(leaseId)).status).toBe(200);
    expect((await acknowledge(leaseId)).status).toBe(200);
    expect(await world.delivery(leaseId)).toMatchObject({ sealed: null });
    expect(codeOf(await world.redeem(leaseId, action))).toBe('410 already_redeemed');
    await eventually(() => {
      expect(world.alarms(leaseId).map(({ why }) => why)).toEqual(['other_key', 'too_late']);
    });
    await world.complete(leaseId);
    await world.hears(action, 'offered', 'released', 'ended/completed');
  });

  it('removes as often as one likes, also what was never made, which cannot be made afterwards', async () => {
    const { action, leaseId } = await anOffer();
    const order = await intended(action, leaseId);
    await issuer().remove(order.lease);
    await issuer().remove(order.lease);
    await world.part(OfferedLeases).change(leaseId, giveUp);
    await world.hears(action, 'offered', 'refused/mint_failed');
    expect(await issuer().gone([order.lease])).toEqual(new Set([leaseId]));
    const late = await issuer().mint(order).catch(() => undefined); // prettier-ignore
    if (late !== undefined) await expect(hand.use(late)).rejects.toThrow();
    expect(await issuer().gone([order.lease])).toEqual(new Set([leaseId]));
  });

  it('leaves nothing that can be used where the process dies after the mint', async () => {
    const { action, leaseId } = await anOffer();
    const order = await intended(action, leaseId);
    const lost = await issuer().mint(order);
    await world.part(OfferedLeases).change(leaseId, giveUp);
    await world.hears(action, 'offered', hand.lost);
    await expect(hand.use(lost)).rejects.toThrow();
    expect((await world.redeem(leaseId, action)).status).toBeGreaterThan(400);
  });

  it('ends by its own time, also while the gate is down', async () => {
    expect(claims.endsWithoutGate).toBe(true);
    const { action, credential } = await released(1);
    await world.stopService();
    await eventually(() => expect(hand.use(credential)).rejects.toThrow());
    await world.startService();
    await world.hears(action, 'offered', 'released', 'ended/ttl');
    await expect(hand.use(credential)).rejects.toThrow();
  });

  it('waits for a target that is away, and ends there when it is back', async () => {
    if (issuerKinds[kind].target !== 'postgres') return;
    const { action, leaseId } = await released();
    await world.target.postgres.stop();
    const { handle } = await leaseOf(leaseId);
    if (handle === null) throw new TypeError('no handle');
    await expect(issuer().probe(handle)).rejects.toMatchObject({ code: 'target_unavailable', retryable: true });
    await world.complete(leaseId);
    await world.target.postgres.start();
    await eventually(() => {
      expect(world.outcomes(action)).toEqual(['offered', 'released', 'ended/completed']);
    }, { withinMs: 30_000 }); // prettier-ignore
  });

  it('keeps its secret out of the gate’s tables, the topics, and the target’s log', async () => {
    const { action, leaseId, credential } = await released();
    await works(credential);
    const secret = hand.secret(credential);
    expect(secret.length).toBeGreaterThan(20);
    await world.complete(leaseId);
    await world.hears(action, 'offered', 'released', 'ended/completed');
    const tables = await world.admin(
      `SELECT (SELECT jsonb_agg(l) FROM credentials.leases l)::text || (SELECT jsonb_agg(e) FROM credentials.lease_evidence e)::text AS all`,
    );
    expect(JSON.stringify(tables)).not.toContain(secret);
    expect(JSON.stringify(world.seen)).not.toContain(secret);
    expect(world.target.serverLog()).not.toContain(secret);
  });

  it('finds strangers at the target, where it can be asked', async () => {
    const lister = issuer();
    if (!('listOurs' in lister)) {
      expect(claims.listed).toBe(false);
      return;
    }
    const handle = lister.handleFor(world.databaseTarget, 'A'.repeat(43));
    const stranger = newId();
    await world.target.stranger(stranger);
    expect(await world.part(Issuers).roles.listOurs(handle)).toEqual([stranger]);
    await world.part(Issuers).roles.removeStranger(handle, stranger);
    expect(await world.part(Issuers).roles.listOurs(handle)).toEqual([]);
  });
});
