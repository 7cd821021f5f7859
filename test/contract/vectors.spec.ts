import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { flattenedVerify, importJWK, type JWK } from 'jose';
import type { AgentKey, LeaseBundle, SignedAttributes, SignedOutcome } from '#contracts';
import { leaseBundle } from '#contracts';
import {
  actionDigest, canonical, decrypt, parseStrict, shapeDigest, signingKey, signRequest, thumbprint, Trust, trustFile,
  verifyOutcome, verifyProof, verifyRequestSignature, type PrivateJwk,
} from '#trust'; // prettier-ignore

/** The vectors are for other languages, and are kept as they are: a change of them is a change of the contract. */
function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`vectors/${name}.json`, import.meta.url), 'utf8')) as T;
}

const keys = read<{
  agent_id: string;
  keys: Record<string, { thumbprint: string; use: 'sig' | 'enc'; jwk: PrivateJwk & AgentKey }>;
}>('keys');
const registered = Object.entries(keys.keys).filter(([name, { use }]) => use === 'sig' && name !== 'stranger');
const isRegistered = (kid: string) => registered.some(([, key]) => key.thumbprint === kid);
const trust = new Trust(trustFile.parse(read('trust')));

describe('keys.json', () => {
  it.each(Object.entries(keys.keys))('%s has its thumbprint', (_, { thumbprint: expected, jwk }) => {
    expect(thumbprint(jwk)).toBe(expected);
  });
});

describe('strict-json.json', () => {
  interface Case {
    name: string;
    bytes?: string;
    text?: string;
    repeat?: { before: string; unit: string; count: number; after: string };
    accepted: boolean;
    code?: string;
  }
  const bytesOf = ({ bytes, repeat }: Case) =>
    repeat === undefined
      ? Buffer.from(bytes ?? '', 'base64url')
      : Buffer.from(repeat.before + repeat.unit.repeat(repeat.count) + repeat.after);

  it.each(read<{ cases: Case[] }>('strict-json').cases)('$name', (vector) => {
    const bytes = bytesOf(vector);
    if (vector.text !== undefined) expect(bytes.toString('utf8')).toBe(vector.text);
    const parsed = parseStrict(bytes);
    expect(parsed.ok ? undefined : parsed.code).toBe(vector.code);
    expect(parsed.ok).toBe(vector.accepted);
  });
});

describe('digests.json', () => {
  interface Case {
    id: string;
    source: string;
    value: string;
    canonical: string;
    action_digest: string;
    shape_digest: string;
  }
  it.each(read<{ cases: Case[] }>('digests').cases)('$action_digest', ({ id, source, value, ...expected }) => {
    const parsed = parseStrict(Buffer.from(value));
    if (!parsed.ok) throw new Error(parsed.code);
    const data = parsed.value as object;
    expect(canonical({ id, source, data })).toBe(expected.canonical);
    expect(actionDigest({ id, source, data })).toBe(expected.action_digest);
    expect(shapeDigest({ source, data })).toBe(expected.shape_digest);
  });
});

describe('request-signatures.json', () => {
  const file = read<{
    aud: string;
    agent_id: string;
    attributes: SignedAttributes;
    cases: { name: string; value: string; signature: string; expect: string }[];
  }>('request-signatures');
  const find = (kid: string) => registered.find(([, key]) => key.thumbprint === kid)?.[1];

  it.each(file.cases)('$name', (vector) => {
    const result = verifyRequestSignature(Buffer.from(vector.value), vector.signature, {
      aud: file.aud,
      attributes: file.attributes,
      keys: (kid) => {
        const key = find(kid);
        return key && { ...key.jwk, kid, use: 'sig', agentId: file.agent_id };
      },
    });
    expect(result.ok ? 'accepted' : result.code).toBe(vector.expect);
  });

  it.each(file.cases.filter((c) => c.expect === 'accepted'))('a JOSE library agrees: $name', async (vector) => {
    const [head = '', , signature = ''] = vector.signature.split('.');
    const { kid, alg } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string; alg: string };
    const { d: _, ...open } = find(kid)?.jwk as JWK;
    const payload = Buffer.from(vector.value).toString('base64url');
    const key = await importJWK(open, alg);
    expect(_).toBeDefined();
    await flattenedVerify({ protected: head, payload, signature }, key);
  });

  it('Ed25519 signs the same bytes to the same signature everywhere', () => {
    const [vector] = file.cases;
    const key = signingKey((keys.keys['ed25519'] as { jwk: PrivateJwk }).jwk);
    const again = signRequest(key, vector?.value ?? '', { aud: file.aud, iat: 1_800_000_000, ce: file.attributes });
    expect(again).toBe(vector?.signature);
  });
});

describe('proofs.json', () => {
  const file = read<{
    call: { htm: string; htu: string; body: string; nonce: string; now: number };
    cases: { name: string; proof: string; expect: string }[];
  }>('proofs');

  it.each(file.cases)('$name', ({ proof, expect: expected }) => {
    const { htm, htu, now, nonce, body } = file.call;
    const nonceValid = (given: string) => given === nonce;
    const call = { htm, htu, now, body: Buffer.from(body), nonceValid, keyKnown: isRegistered };
    const result = verifyProof(proof, call);
    expect(result.ok ? 'accepted' : result.code).toBe(expected);
  });
});

describe('outcomes.json', () => {
  const file = read<{ agent_id: string; cases: (SignedOutcome & { name: string; accepted: boolean })[] }>('outcomes');

  it.each(file.cases)('$name', ({ accepted, ...signed }) => {
    expect(verifyOutcome(trust, signed, { agentId: file.agent_id }).ok).toBe(accepted);
  });
});

describe('deliveries.json', () => {
  interface Case {
    key: string;
    jwe: string;
    header: object;
    jws: string;
    bundle: LeaseBundle;
  }
  it.each(read<{ cases: Case[] }>('deliveries').cases)('to $key', async ({ key, jwe, header, jws, bundle }) => {
    const jwk = keys.keys[key]?.jwk;
    expect(jwk && (await decrypt(jwk, jwe))).toEqual({ ok: true, jws, header });
    const verified = trust.verify(jws, { purpose: 'lease', service: 'credentials', schema: leaseBundle });
    expect(verified).toEqual({ ok: true, payload: bundle });
  });
});
