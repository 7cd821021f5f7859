import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LeaseBundle } from '#contracts';
import { newUuid7, thumbprint, type PublicJwk } from '#trust';
import {
  aTicket,
  bundleOf,
  codeOf,
  deliver,
  FakeGate,
  leaseId,
  offerOf,
  outcomeOf,
  problem,
  type Answer,
  type Heard,
} from '../../../test/support/fake-gate.js';

const ticket = aTicket();

let gate: FakeGate;
beforeEach(async () => {
  gate = new FakeGate();
  await gate.start();
});
afterEach(() => gate.stop());

/** The key that a proof names. */
const jktOf = (headers: Heard['headers']): string => {
  const [head = ''] = String(headers['dpop']).split('.');
  return thumbprint((JSON.parse(Buffer.from(head, 'base64url').toString()) as { jwk: PublicJwk }).jwk);
};

describe('redeeming', () => {
  const redeems = (jwe: () => Promise<string>) => {
    gate.on(
      'POST /v1/leases/*/redeem',
      gate.proven(async () => ({ body: await jwe() })),
    );
  };

  const otherDigest = `sha256:${'B'.repeat(43)}`;
  const sign = (bundle: LeaseBundle) => gate.keyring('credentials').sign('lease', bundle);
  /** The right address outside, something else inside. */
  const sealed = (more: Partial<LeaseBundle>) =>
    deliver(gate, bundleOf(gate, ticket), sign(bundleOf(gate, ticket, more)));
  /** The right lease inside, another address outside. */
  const addressed = (more: Partial<LeaseBundle>) =>
    deliver(gate, bundleOf(gate, ticket, more), sign(bundleOf(gate, ticket)));

  it('opens what the gate signed for this lease', async () => {
    redeems(() => deliver(gate, bundleOf(gate, ticket)));
    const lease = await gate.agent().redeem(ticket, offerOf(gate));
    expect(lease.credential).toMatchObject({ host: 'db.example', password: 'canary-secret' });
    const redeem = gate.heard.findLast(({ path }) => path.endsWith('/redeem'));
    expect(JSON.parse(redeem?.body ?? '')).toEqual({ action_digest: ticket.actionDigest });
  });

  it('keeps the secret out of anything that is written as JSON', async () => {
    redeems(() => deliver(gate, bundleOf(gate, ticket)));
    const lease = await gate.agent().redeem(ticket, offerOf(gate));
    expect(JSON.stringify({ lease })).not.toContain('canary');
  });

  it.each<[string, () => Promise<string>]>([
    ['signed by another gate', () => { const other = new FakeGate(); return deliver(gate, bundleOf(gate, ticket), other.keyring('credentials').sign('lease', bundleOf(gate, ticket))); }],
    ['signed by another service', () => deliver(gate, bundleOf(gate, ticket), gate.keyring('intake').sign('acceptance', bundleOf(gate, ticket)))],
    ['for another lease', () => sealed({ lease_id: newUuid7() })],
    ['for another agent', () => sealed({ agent_id: 'a-2' })],
    ['for another action', () => sealed({ action_id: newUuid7() })],
    ['for other bytes', () => sealed({ action_digest: otherDigest })],
    ['addressed to another lease', () => addressed({ lease_id: newUuid7() })],
    ['addressed to other bytes', () => addressed({ action_digest: otherDigest })],
    ['of another gate by name', () => deliver(gate, bundleOf(gate, ticket, { gate: 'evil.example' }))],
    ['with an exchanged endpoint', async () => {
      const [head, , signature] = gate.keyring('credentials').sign('lease', bundleOf(gate, ticket)).split('.');
      const evil = bundleOf(gate, ticket);
      const credential = { ...('credential' in evil && evil.credential), host: 'evil.example' };
      const payload = Buffer.from(JSON.stringify({ ...evil, credential })).toString('base64url');
      return deliver(gate, evil, [head, payload, signature].join('.'));
    }],
    ['with the ciphertext of another', async () => {
      const [mine, other] = await Promise.all([deliver(gate, bundleOf(gate, ticket)), addressed({ lease_id: newUuid7() })]);
      return [...mine.split('.').slice(0, 2), ...other.split('.').slice(2)].join('.');
    }],
    ['that is no delivery', () => Promise.resolve('x')],
    ['for another key', async () => { const other = new FakeGate(); return deliver(other, bundleOf(gate, ticket)); }],
  ])('does not use a delivery %s', async (_, jwe) => {
    redeems(jwe);
    expect(await codeOf(gate.agent().redeem(ticket, offerOf(gate)))).toBe('not_trusted');
  }); // prettier-ignore

  it('never goes where an offer points, only where it was configured', async () => {
    for (const url of ['https://evil.example/redeem', `${gate.url}/v1/leases/${newUuid7()}/redeem`, 'x']) {
      expect(await codeOf(gate.agent().redeem(ticket, { ...offerOf(gate), redeem_url: url }))).toBe('not_trusted');
    }
    expect(gate.heard).toEqual([]);
  });

  describe('when the answer is lost', () => {
    const isRedeem = ({ path }: Heard) => path.endsWith('/redeem');
    const isAcknowledged = ({ path }: Heard) => path === `/v1/leases/${leaseId}/acknowledge`;
    const busy = { status: 503, headers: { 'retry-after': '0' }, body: problem('dependency_unavailable', 503) };

    /** What the gate does with one redeem after the other; the last for all that follow. */
    const answersWith = (...answers: (() => Answer | Promise<Answer>)[]) => {
      gate.on('POST /v1/leases/*/redeem', gate.proven(() => (answers.length > 1 ? answers.shift() : answers[0])?.() ?? busy)); // prettier-ignore
    };
    const given = async () => ({ body: await deliver(gate, bundleOf(gate, ticket)) });

    it('asks again, with the same key and the same body, until it has it, and says then that it has', async () => {
      answersWith(() => ({ breaksOff: 'before' }), () => ({ breaksOff: 'inside' }), () => busy, given);
      gate.on('POST /v1/leases/*/acknowledge', gate.proven(() => ({ body: {} })));
      const lease = await gate.agent({ patienceMs: 5_000 }).redeem(ticket, offerOf(gate));
      expect(lease.credential.kind).toBe('postgres');
      const redeems = gate.heard.filter(isRedeem).filter(({ headers }) => jktOf(headers) === thumbprint(gate.agentKey));
      expect(redeems.length).toBeGreaterThanOrEqual(4);
      expect(new Set(redeems.map(({ body }) => body)).size).toBe(1);
      expect(gate.heard.findIndex(isAcknowledged)).toBeGreaterThan(gate.heard.findLastIndex(isRedeem));
    }); // prettier-ignore

    it('acknowledges nothing that does not open, and is glad of what does though nobody hears the acknowledgement', async () => {
      answersWith(() => ({ body: 'x' }));
      expect(await codeOf(gate.agent().redeem(ticket, offerOf(gate)))).toBe('not_trusted');
      expect(gate.heard.some(isAcknowledged)).toBe(false);
      answersWith(given);
      gate.on('POST /v1/leases/*/acknowledge', () => ({ breaksOff: 'before' }));
      expect((await gate.agent().redeem(ticket, offerOf(gate))).credential.kind).toBe('postgres');
    });

    it('gives up after its patience, and at once where it was given already', async () => {
      answersWith(() => busy);
      expect(await codeOf(gate.agent({ patienceMs: 50 }).redeem(ticket, offerOf(gate)))).toBe('dependency_unavailable');
      gate.heard.length = 0;
      answersWith(() => ({ status: 410, body: problem('already_redeemed', 410) }));
      expect(await codeOf(gate.agent().redeem(ticket, offerOf(gate)))).toBe('already_redeemed');
      expect(gate.heard.filter(isRedeem).length).toBeLessThanOrEqual(2);
    });
  });

  it('gives the lease back whatever happens with it', async () => {
    const outcome = outcomeOf(gate, ticket, 'offered');
    gate.on(
      'GET /v1/actions/*',
      gate.proven(() => ({
        body: { action_id: ticket.actionId, agent_id: 'a-1', state: 'offered', reasons: [], history: [], outcome },
      })),
    );
    redeems(() => deliver(gate, bundleOf(gate, ticket)));
    gate.on(
      'POST /v1/leases/*/complete',
      gate.proven(() => ({ status: 410, body: problem('ended', 410) })),
    );
    await expect(gate.agent().withLease(ticket, () => Promise.reject(new Error('boom')))).rejects.toThrow('boom');
    expect(gate.heard.at(-1)?.path).toBe(`/v1/leases/${leaseId}/complete`);
    expect(await gate.agent().withLease(ticket, ({ credential }) => Promise.resolve(credential.kind))).toBe('postgres');
  });

  it('has nothing to use when it was denied', async () => {
    const outcome = outcomeOf(gate, ticket, 'denied', { service: 'policy' });
    gate.on(
      'GET /v1/actions/*',
      gate.proven(() => ({
        body: { action_id: ticket.actionId, agent_id: 'a-1', state: 'denied', reasons: [], history: [], outcome },
      })),
    );
    expect(await codeOf(gate.agent().withLease(ticket, () => Promise.resolve(1)))).toBe('not_offered');
  });
});
