import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { RequestEvidence } from '#contracts';
import { Peers, type PeerAnswer } from '#facts';
import { Fault, Log } from '#platform';
import { HttpCredentialsDoor } from './credentials-door.js';

const evidence: RequestEvidence = { value: '{}', signature: 'e30..AA', acceptance: 'e30.e30.AA' };
const said = { explained: true, rows: 1, cost: 2, steps: [] };

/** Credentials behind the wire: answers what the spec says, or nothing. */
class FakePeers extends Peers {
  answer: PeerAnswer | undefined = { ok: true, status: 200, body: said };
  asked = 0;

  constructor() {
    super({} as never, {} as never, {} as never);
  }

  override post(): Promise<PeerAnswer> {
    this.asked += 1;
    if (this.answer !== undefined) return Promise.resolve(this.answer);
    return Promise.reject(new Fault('peer_unavailable', { retryable: true }));
  }
}

let peers: FakePeers;
let door: HttpCredentialsDoor;
beforeEach(() => {
  jest.useFakeTimers();
  peers = new FakePeers();
  door = new HttpCredentialsDoor(peers, new Log('policy', 'error'));
});
afterEach(() => {
  jest.useRealTimers();
});

const none = { explained: false, why: 'unavailable' };

describe('what credentials says about a statement', () => {
  it('is passed on, a refusal too, and asked for each time', async () => {
    expect(await door.explain('orders-db', evidence)).toEqual(said);
    const refused = { explained: false, why: 'refused', sqlstate: '42P01' };
    peers.answer = { ok: true, status: 200, body: refused };
    expect(await door.explain('orders-db', evidence)).toEqual(refused);
    expect(await door.explain('orders-db', evidence)).toEqual(refused);
    expect(peers.asked).toBe(3);
  });

  it.each<[string, PeerAnswer | undefined]>([
    ['when it does not answer', undefined],
    ['when it says no', { ok: false, status: 409, body: { code: 'evidence_invalid' } }],
    ['when nobody can read it', { ok: true, status: 200, body: { explained: 'yes' } }],
    ['when the target did not answer', { ok: true, status: 200, body: none }],
  ])('is nothing %s, without an error, and that target is left alone for a while', async (_, answer) => {
    peers.answer = answer;
    expect(await door.explain('orders-db', evidence)).toEqual(none);
    peers.answer = { ok: true, status: 200, body: said };
    expect(await door.explain('orders-db', evidence)).toEqual(none);
    expect(await door.explain('other-db', evidence)).toEqual(said);
    expect(peers.asked).toBe(2);
    jest.advanceTimersByTime(10_001);
    expect(await door.explain('orders-db', evidence)).toEqual(said);
  });
});
