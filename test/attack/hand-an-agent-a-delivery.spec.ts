import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CompactEncrypt, importJWK, type JWK } from 'jose';
import type { LeaseBundle } from '#contracts';
import type { Ticket } from '#sdk';
import { encryptTo, generatePrivateJwk, newUuid7, publicPart, thumbprint } from '#trust';
import { aTicket, bundleOf, codeOf, deliver, FakeGate, leaseId, offerOf, type Answer } from '../support/fake-gate.js';
import { takenApart, tricks } from '../support/signature-tricks.js';

/*
 * Somebody sits between the gate and an agent, has heard every answer so far, has a gate and an agent of their own, and answers in
 * the gate's place. What the agent believes would be a database of theirs. The agent is the real SDK, over real HTTP.
 */

const ticket = aTicket();
const evil = new FakeGate();
/** Another agent of the same gate, which is on their side: it can open what is its own, and seal it anew. */
const accomplice = { agentId: 'a-2', encryption: generatePrivateJwk('P-256') };

let gate: FakeGate;
let elsewhere: Server;
const askedElsewhere: string[] = [];

beforeAll(async () => {
  gate = new FakeGate();
  await gate.start();
  elsewhere = createServer((request, response) => {
    askedElsewhere.push(`${request.method ?? ''} ${request.url ?? ''}`);
    void deliver(gate, bundleOf(gate, ticket)).then((jwe) => response.end(jwe));
  });
  await once(elsewhere.listen(0, '127.0.0.1'), 'listening');
});

afterAll(async () => {
  elsewhere.closeAllConnections();
  elsewhere.close();
  await gate.stop();
});

beforeEach(() => {
  gate.heard.length = 0;
  askedElsewhere.length = 0;
  gate.on('POST /v1/leases/*/acknowledge', gate.proven(() => ({ body: {} })));
}); // prettier-ignore

const here = { lease_id: leaseId, action_digest: ticket.actionDigest };
/** What the gate has really signed: for this lease, or for another one. */
const signed = (more: Partial<LeaseBundle> = {}): string =>
  gate.keyring('credentials').sign('lease', bundleOf(gate, ticket, more));
/** Anybody can seal for an agent: its key is public. */
const sealed = (jws: string, header = here): Promise<string> => encryptTo(gate.encryptionKey, jws, header);
const theirs = {
  kind: 'postgres',
  host: 'db.evil.example',
  port: 5432,
  database: 'x',
  user: 'u',
  password: 'p',
} as const;

/** As `sealed`, but with what is not our way of sealing. */
async function sealedOtherwise(head: Record<string, string>): Promise<string> {
  const jwk = publicPart(gate.encryptionKey);
  const kid = thumbprint(gate.encryptionKey);
  const all = { alg: 'ECDH-ES', enc: 'A256GCM', typ: 'sallyport-lease+jwe', cty: 'JWS', kid, ...here, ...head };
  const key = await importJWK(jwk as JWK, all.alg);
  return new CompactEncrypt(Buffer.from(signed(), 'utf8')).setProtectedHeader(all).encrypt(key);
}

/** Lets the agent redeem while this is answered. */
async function redeemed(answer: () => Promise<Answer | string>, of: Ticket = ticket): Promise<unknown> {
  gate.on('POST /v1/leases/*/redeem', gate.proven(async () => {
    const given = await answer();
    return typeof given === 'string' ? { body: given } : given;
  })); // prettier-ignore
  return gate.agent({ patienceMs: 0 }).redeem(of, offerOf(gate));
}

/** The agent has used nothing, and has not told the gate that it may forget the true answer: which it then gets. */
async function stillGetsItsOwn(): Promise<void> {
  expect(gate.heard.filter(({ path }) => path.endsWith('/acknowledge'))).toEqual([]);
  const lease = await redeemed(() => deliver(gate, bundleOf(gate, ticket)));
  expect(lease).toMatchObject({ credential: { host: 'db.example' } });
}

describe('an agent takes no delivery', () => {
  it.each<[string, () => Promise<string>]>([
    ['that a gate of theirs has signed', () => sealed(evil.keyring('credentials').sign('lease', bundleOf(gate, ticket, { credential: theirs })))],
    ['that another service of the gate has signed', () => sealed(gate.keyring('policy').sign('verdict', bundleOf(gate, ticket)))],
    ['that nobody has signed', () => sealed(JSON.stringify(bundleOf(gate, ticket, { credential: theirs })))],
    ['that nobody has sealed', () => Promise.resolve(signed())],
    ['that it was given for another lease', () => deliver(gate, bundleOf(gate, ticket, { lease_id: newUuid7() }))],
    ['that it was given for another lease, sealed anew', () => sealed(signed({ lease_id: newUuid7() }))],
    ['that it was given for another action, sealed anew', () => sealed(signed({ action_id: newUuid7() }))],
    ['that it was given for other bytes, sealed anew', () => sealed(signed({ action_digest: `sha256:${'B'.repeat(43)}` }))],
    ['that another agent was given, sealed anew', () => sealed(signed({ agent_id: accomplice.agentId }))],
    ['that is sealed for another agent', () => encryptTo(accomplice.encryption, signed(), here)],
    ['with its true content under the name of another lease', () => sealed(signed(), { ...here, lease_id: newUuid7() })],
    ['with its true content under another digest', () => sealed(signed(), { ...here, action_digest: `sha256:${'B'.repeat(43)}` })],
    ['of a gate of another name', () => sealed(signed({ gate: 'evil.example' }))],
    ['that is wrapped in another way', () => sealedOtherwise({ alg: 'ECDH-ES+A256KW' })],
    ['that is sealed in another way', () => sealedOtherwise({ enc: 'A128CBC-HS256' })],
    ['that is called something else', () => sealedOtherwise({ typ: 'JWE' })],
    ['whose key is called something else', () => sealedOtherwise({ kid: 'theirs' })],
  ])('%s', async (_, answer) => {
    expect(await codeOf(redeemed(answer))).toBe('not_trusted');
    await stillGetsItsOwn();
  }); // prettier-ignore

  it('with a signature by any trick', async () => {
    const { privateKey } = gate.keyring('credentials').keyFor('lease');
    for (const { how, forge } of tricks) {
      const forged = forge(takenApart(signed({ credential: theirs }), privateKey));
      expect([how, await codeOf(redeemed(() => sealed(forged)))]).toEqual([how, 'not_trusted']);
    }
    await stillGetsItsOwn();
  });

  it('in which one character is another one, wherever that is', async () => {
    const jwe = await deliver(gate, bundleOf(gate, ticket));
    for (let at = 0; at < jwe.length; at += 17) {
      const changed = `${jwe.slice(0, at)}${jwe[at] === 'A' ? 'B' : 'A'}${jwe.slice(at + 1)}`;
      expect([at, await codeOf(redeemed(() => Promise.resolve(changed)))]).toEqual([at, 'not_trusted']);
    }
    await stillGetsItsOwn();
  });
});

describe('an agent goes nowhere', () => {
  it('that an answer sends it to, and nothing that it says gets there', async () => {
    const { port } = elsewhere.address() as AddressInfo;
    for (const status of [301, 302, 303, 307, 308]) {
      const location = `http://127.0.0.1:${String(port)}/v1/leases/${leaseId}/redeem`;
      const answer = () => Promise.resolve({ status, headers: { location } });
      expect(await codeOf(redeemed(answer))).toBe('no_answer');
    }
    expect(askedElsewhere).toEqual([]);
    await stillGetsItsOwn();
  });

  it('that an offer points to, and nothing that it says gets there', async () => {
    const { port } = elsewhere.address() as AddressInfo;
    const redeem_url = `http://127.0.0.1:${String(port)}/v1/leases/${leaseId}/redeem`;
    expect(await codeOf(gate.agent().redeem(ticket, { ...offerOf(gate), redeem_url }))).toBe('not_trusted');
    expect(askedElsewhere).toEqual([]);
    await stillGetsItsOwn();
  });
});
