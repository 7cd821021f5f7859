import { describe, expect, it } from '@jest/globals';
import { approvalGranted, personRecipient, type DelegateBody } from '#contracts';
import { planDigest, satisfies, verifyVote } from '#trust';
import { groupOf, personOf, planOf, stageOf } from '../../apps/approvals/src/core/plan.fixture.js';
import { judge, plans, soon } from '../../apps/approvals/src/gate.fixture.js';
import { EndSeats } from '../../apps/approvals/src/handlers/end-seats.js';
import { ListApprovals } from '../../apps/approvals/src/handlers/list-approvals.js';
import { ShowApproval } from '../../apps/approvals/src/handlers/show-approval.js';
import { InboxStore, type Line } from '../../apps/approvals/src/io/inbox.store.js';
import { rounds, seed } from '../support/depth.js';
import { randomFrom } from '../support/race.js';
import {
  gate, give, giving, known, open, people, person, policySays, saidOf, service, signed, takeBack, typesOf, useDesk, vote,
} from './approvals-desk.js'; // prettier-ignore
import { fill, inSight, linesOf, someRequests, waitFor } from './approvals-lists.js';

useDesk();

describe('a seat that is given away', () => {
  const mine = async (by: string): Promise<string[]> => {
    const asked = { state: 'open', mine: true, alike: { kind: 'each', like: undefined } } as const;
    return (await service.get(ListApprovals).handle(person(by), asked)).approvals.map(({ action_id }) => action_id);
  };

  it('is filled by whoever received it, as credentials verifies it, and by nobody else', async () => {
    const plan = plans.two();
    const id = await open(plan);
    expect(await vote(id, 'nobody')).toBe('not_found');
    expect(await give(id, 'anna', await giving(id, 'anna', 'nobody'))).toBe('given');
    expect([(await mine('nobody')).includes(id), (await mine('anna')).includes(id)]).toEqual([true, false]);
    const { progress } = await service.get(ShowApproval).handle(id, person('ben'));
    expect(progress.delegated).toMatchObject([{ by: 'anna', to: 'nobody' }]);
    expect(progress.history.at(-1)).toMatchObject({ what: 'seat given to nobody', by: 'anna', reason: 'on leave' });
    expect(await vote(id, 'anna')).toBe('not_eligible/delegated');
    expect(await vote(id, 'nobody')).toBe('open');
    expect([await vote(id, 'anna'), await takeBack(id, 'anna')]).toEqual(Array(2).fill('not_eligible/already_voted'));
    expect([await vote(id, 'ben'), (await mine('nobody')).includes(id)]).toEqual(['granted', false]);
    expect(saidOf(id).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
    expect(typesOf(id)[1]).toBe('approval.delegated');
    const { evidence } = approvalGranted.data.parse(saidOf(id).at(-1)?.data);
    const expected = { actionId: id, actionDigest: known.get(id)?.actionDigest ?? '', planDigest: planDigest(plan) };
    const votes = evidence.votes.flatMap((one) => {
      const read = verifyVote(gate.trust, one, expected);
      return read.ok ? [read.vote] : [];
    });
    const satisfied = (...members: string[]) => satisfies(plan, votes, { groups: [groupOf('dba', members)], people }).ok;
    expect([satisfied('anna', 'ben'), satisfied('ben'), satisfied('nobody', 'ben')]).toEqual([true, false, false]);
  });

  it('is had back, and not given again by sending the same again', async () => {
    const id = await open();
    const body = await giving(id, 'anna', 'nobody');
    expect([await takeBack(id, 'anna'), await give(id, 'anna', body)]).toEqual(['not_found', 'given']);
    expect(await give(id, 'anna', await giving(id, 'anna', 'dina'))).toBe('not_eligible/delegated');
    expect(await give(id, 'ben', await giving(id, 'ben', 'nobody'))).toBe('receiver_not_eligible/has_seat');
    expect([await takeBack(id, 'anna'), await vote(id, 'nobody')]).toEqual(['taken back', 'not_found']);
    expect(await give(id, 'anna', body)).toBe('proof_invalid');
    expect(saidOf(id).map(({ data }) => data['stands'])).toEqual([undefined, true, false]);
    expect(await vote(id, 'anna')).toBe('granted');
    expect([await give(id, 'ben', await giving(id, 'ben', 'nobody')), await takeBack(id, 'anna')]).toEqual(Array(2).fill('already_decided'));
  });

  it.each<[string, (body: DelegateBody, id: string) => DelegateBody | Promise<DelegateBody>]>([
    ['without a signature', (body) => ({ ...body, proof: undefined })],
    ['without anybody who vouches for the key', (body) => ({ ...body, person_key: undefined })],
    ['signed by somebody else', (_, id) => giving(id, 'ben', 'nobody')],
    ['to another person than was signed', (body) => ({ ...body, to: 'dina' })],
    ['for longer than was signed', async (body, id) => ({ ...body, proof: (await giving(id, 'anna', 'nobody', soon(60))).proof })],
    ['for another reason than was signed', (body) => ({ ...body, reason: 'because' })],
    ['that was signed for another request', async () => giving(await open(), 'anna', 'nobody')],
    ['with a vote', async (body, id) => ({ ...body, proof: (await signed(id, 'anna')).proof })],
  ])('is not given %s', async (_, change) => {
    const id = await open();
    expect(await give(id, 'anna', await change(await giving(id, 'anna', 'nobody'), id))).toBe('proof_invalid');
    expect(typesOf(id)).toEqual(['approval.opened']);
  });

  it('is not given by a key that was ended meanwhile, nor while nobody can say', async () => {
    const id = await open();
    const body = await giving(id, 'anna', 'nobody');
    service.keysDoor.live = false;
    expect(await give(id, 'anna', body)).toBe('proof_invalid');
    service.keysDoor.live = undefined;
    expect(await give(id, 'anna', body)).toBe('peer_unavailable');
    service.keysDoor.live = true;
    expect(await give(id, 'anna', body)).toBe('given');
  });

  it('comes back when its time is over, and goes with the giver’s membership, with either person, and with the plan', async () => {
    const [late, left, gone, other] = [await open(), await open(), await open(plans.two()), await open()];
    for (const id of [late, left, gone, other]) expect(await give(id, 'anna', await giving(id, 'anna', 'nobody'))).toBe('given');
    await service.database.query('UPDATE delegation SET until = clock_timestamp() WHERE action_id = $1', [late]);
    expect([await vote(late, 'nobody'), await vote(late, 'anna')]).toEqual(['not_found', 'granted']);
    const plan = planOf([stageOf({ quorum: 2 })], { deadline_at: soon() });
    policySays((accepted) => judge(gate, accepted, { purpose: 'vote', plan }));
    expect([await vote(other, 'ben'), await vote(other, 'nobody')]).toEqual(['view_changed', 'not_found']);
    service.registry.put(groupOf('dba', ['ben', 'cora'], 2));
    expect(await vote(left, 'nobody')).toBe('not_eligible/not_in_group');
    service.registry.put(groupOf('dba', ['anna', 'ben'], 3));
    service.registry.put({ ...personOf('anna', { state: 'inactive' }), version: 2 });
    expect(await vote(gone, 'nobody')).toBe('not_eligible/not_in_group');
    service.registry.put({ ...personOf('anna'), version: 3 });
    service.registry.put({ ...personOf('nobody', { state: 'inactive' }), version: 2 });
    expect(await vote(gone, 'nobody')).toBe('not_found');
    await service.fire(EndSeats, 'nobody', 'anna');
    expect(saidOf(gone).at(-1)?.data).toMatchObject({ by: 'anna', to: 'nobody', stands: false });
    service.registry.put({ ...personOf('nobody'), version: 3 });
    expect([await vote(gone, 'nobody'), await vote(gone, 'anna')]).toEqual(['not_found', 'open']);
  });
}); // prettier-ignore

describe('a list', () => {
  it('has what the plain definition says, however much is alike, hidden, over or due at once', async () => {
    const random = randomFrom(seed('lists'));
    const [inbox, each] = [service.get(InboxStore), { kind: 'each', like: undefined } as const];
    const shown = (lines: Line[]): [string, number][] => lines.map(({ actionId, count }) => [actionId, count]);
    for (const count of Array<number[]>(rounds({ quick: 2, deep: 20 })).fill([40, 900, 4_000]).flat()) {
      const all = someRequests(count, random);
      await fill(service.database, all);
      for (const alike of [{ kind: 'together' } as const, each, { ...each, like: all.requests[3]?.action_id }]) {
        for (const id of ['ann', 'bob', 'cyd', 'dot']) {
          const who = { id, version: 1, active: true, identities: [], limits: id === 'ann' ? [500, 20].map((amount_minor) => ({ amount_minor, currency: 'EUR' })) : [] };
          const parties = [...(id === 'dot' ? [] : ['g-1', 'g-2', 'g-3']), personRecipient(id)];
          expect(shown(await inbox.waitingFor(who, parties, alike))).toEqual(linesOf(waitFor(all, who, parties), all, alike));
        }
        for (const sight of [['g-5'], ['g-1', 'g-4'], 'all'] as const) {
          expect(shown(await inbox.open(sight === 'all' ? 'all' : [...sight], alike))).toEqual(linesOf(inSight(all, sight), all, alike));
        }
      }
    }
  }, 300_000);
}); // prettier-ignore
