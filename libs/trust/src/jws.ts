import { sign, verify } from 'node:crypto';
import { fromDer, toDer } from './ecdsa-encoding.js';
import type { PublicKey, SigningAlg, SigningKey } from './jwk.js';
import { parseStrict, type JsonValue } from './strict-json.js';

export type JwsHeader = Record<string, JsonValue>;

const headerLimits = { bytes: 8_192, depth: 6, arrayItems: 8, stringBytes: 4_096 } as const;
const payloadLimits = { bytes: 1_048_576, depth: 64, arrayItems: 20_000, stringBytes: 262_144 } as const;

/** Base64url without padding, in the one way that it can be written; undefined otherwise. */
export function fromBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}

/** A compact JWS (RFC 7515 section 7.1) taken apart, nothing verified. */
export interface OpenJws {
  readonly header: JwsHeader;
  readonly signingInput: Buffer;
  readonly payload: Buffer;
  readonly signature: Buffer;
}

/** Takes a compact JWS apart; undefined when it is not one. The header is read as strictly as any input. */
export function openCompact(jws: string): OpenJws | undefined {
  const parts = jws.split('.');
  const [protectedPart, payloadPart, signaturePart] = parts;
  if (parts.length !== 3 || !protectedPart || !payloadPart || !signaturePart) return undefined;
  const payload = fromBase64url(payloadPart);
  return payload && open({ protectedPart, payloadPart, signaturePart }, payload);
}

/** Takes a detached JWS `<protected>..<signature>` (RFC 7515 appendix F) over these bytes apart. */
export function openDetached(jws: string, bytes: Uint8Array): OpenJws | undefined {
  const parts = jws.split('.');
  const [protectedPart, between, signaturePart] = parts;
  if (parts.length !== 3 || !protectedPart || between !== '' || !signaturePart) return undefined;
  const payload = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return open({ protectedPart, payloadPart: payload.toString('base64url'), signaturePart }, payload);
}

interface Parts {
  protectedPart: string;
  payloadPart: string;
  signaturePart: string;
}

function open({ protectedPart, payloadPart, signaturePart }: Parts, payload: Buffer): OpenJws | undefined {
  const headerBytes = fromBase64url(protectedPart);
  const signature = fromBase64url(signaturePart);
  if (headerBytes === undefined || signature === undefined) return undefined;
  const parsed = parseStrict(headerBytes, headerLimits);
  if (!parsed.ok || !isObject(parsed.value)) return undefined;
  const signingInput = Buffer.from(`${protectedPart}.${payloadPart}`, 'latin1');
  return { header: parsed.value, signingInput, payload, signature };
}

/** True when the header has exactly these members and no other: no `jku`, `x5c`, `crit`, `b64`, or whatever comes next. */
export function hasExactly(value: Record<string, unknown>, names: readonly string[]): boolean {
  return Object.keys(value).length === names.length && names.every((name) => Object.hasOwn(value, name));
}

/** True when `alg` names the algorithm of the key. Ed25519 has two names (RFC 8037 and RFC 9864). */
export function namesAlg(header: JwsHeader, alg: SigningAlg): boolean {
  return header['alg'] === alg || (alg === 'EdDSA' && header['alg'] === 'Ed25519');
}

/** The signature itself; the key decides the algorithm (RFC 7518 section 3.4, RFC 8037). */
export function verifies(jws: OpenJws, by: PublicKey): boolean {
  if (!namesAlg(jws.header, by.alg) || jws.signature.length !== 64) return false;
  return by.alg === 'ES256'
    ? verify('sha256', jws.signingInput, by.key, toDer(jws.signature))
    : verify(null, jws.signingInput, by.key, jws.signature);
}

/** The payload of a JWS as a JSON object; undefined when it is anything else. */
export function payloadOf(jws: OpenJws): Record<string, JsonValue> | undefined {
  const parsed = parseStrict(jws.payload, payloadLimits);
  return parsed.ok && isObject(parsed.value) ? parsed.value : undefined;
}

/** What a compact JWS says, nothing verified: good only for finding out whether it is worth verifying. */
export function peek(jws: string): unknown {
  try {
    return JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Signs. `alg` is put first in the header, from the key. */
export function signCompact(key: SigningKey, header: object, payload: string | Uint8Array): string {
  const protectedPart = encodeHeader(key, header);
  const input = `${protectedPart}.${Buffer.from(payload).toString('base64url')}`;
  return `${input}.${signInput(key, input)}`;
}

/** Signs these bytes and leaves them out of the result (RFC 7515 appendix F). */
export function signDetached(key: SigningKey, header: object, bytes: string | Uint8Array): string {
  const protectedPart = encodeHeader(key, header);
  return `${protectedPart}..${signInput(key, `${protectedPart}.${Buffer.from(bytes).toString('base64url')}`)}`;
}

function encodeHeader(key: SigningKey, header: object): string {
  return Buffer.from(JSON.stringify({ alg: key.alg, ...header })).toString('base64url');
}

function signInput(key: SigningKey, input: string): string {
  const bytes = Buffer.from(input, 'latin1');
  const signature = key.alg === 'ES256' ? fromDer(sign('sha256', bytes, key.key)) : sign(null, bytes, key.key);
  return signature.toString('base64url');
}

function isObject(value: JsonValue): value is Record<string, JsonValue> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
