import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { instant, keyPurpose, thumbprint as thumbprintText, type KeyPurpose } from '#contracts';
import { freshSecret } from './fresh-secret.js';
import { publicPart, thumbprint, type PrivateJwk, type PublicJwk } from './jwk.js';
import { exposureOfFile } from './private-file.js';

const publicJwk = z.strictObject({
  kty: z.enum(['EC', 'OKP']),
  crv: z.enum(['P-256', 'Ed25519']),
  x: z.string(),
  y: z.string().optional(),
});
const secretText = z.string().regex(/^[A-Za-z0-9_-]{43}$/u);
const named = { kid: thumbprintText, purpose: keyPurpose };

/** `<service>.keys.json`, mode 0600: the private keys of one service and the secret of its DPoP nonces. */
export const keysFile = z.strictObject({
  version: z.literal('sallyport.keys/1'),
  gate: z.string().min(1),
  service: z.string().min(1),
  /** 32 bytes, base64url. All instances of the service share it, so that a nonce of one is known to the others. */
  nonce_key: secretText,
  /**
   * 32 bytes each, base64url: they seal what the service keeps in its database. Only where it keeps such things; losing one loses what is
   * under it. The first of `seal_keys` seals, all open; a file with one key may name it `seal_key`.
   */
  seal_key: secretText.optional(),
  seal_keys: z.array(secretText).min(1).optional(),
  /** The first key of a purpose signs; another one behind it waits for its turn. */
  keys: z.array(z.strictObject({ ...named, jwk: publicJwk.extend({ d: z.string() }) })).min(1),
});
export type KeysFile = z.infer<typeof keysFile>;

/**
 * `trust.json`: the public half of every gate key, the same file for all. Old keys stay in it as long as what they signed; from
 * `retired_at` on they verify only what says that it was made before.
 */
export const trustFile = z.strictObject({
  version: z.literal('sallyport.trust/1'),
  gate: z.string().min(1),
  keys: z
    .array(z.strictObject({ ...named, service: z.string().min(1), jwk: publicJwk, retired_at: instant.optional() }))
    .min(1),
});
export type TrustFile = z.infer<typeof trustFile>;

/** Which service signs what. */
export const keysOfServices: Readonly<Record<string, readonly KeyPurpose[]>> = {
  registry: ['registry', 'service'],
  intake: ['acceptance', 'outcome', 'service'],
  policy: ['verdict', 'outcome', 'service'],
  approvals: ['vote', 'outcome', 'service'],
  credentials: ['person-key', 'lease', 'token', 'outcome', 'service'],
  notifier: ['service'],
  audit: ['checkpoint', 'service'],
};

/** Who keeps something in a database that nobody else may read. */
export const sealingServices: ReadonlySet<string> = new Set(['credentials']);

/** A key file that is missing, malformed, readable by others, or at odds with itself. Names the file, never its content. */
export class KeyFileError extends Error {
  readonly code = 'key_file_invalid';

  constructor(path: string, why: string, options?: ErrorOptions) {
    super(`${path}: ${why}`, options);
    this.name = 'KeyFileError';
  }
}

/**
 * Reads the private keys of one service. Throws KeyFileError, also when the file is open to group or others, is owned by somebody else
 * than this process or root, or was made for a version that needed fewer keys.
 */
export function readKeysFile(path: string): KeysFile {
  requirePrivate(path);
  const file = read(path, keysFile);
  const lacking = lackingIn(file);
  if (lacking.length > 0)
    throw new KeyFileError(path, `has no ${lacking.join(', no ')}: make the keys of this gate anew`);
  return file;
}

function requirePrivate(path: string): void {
  let exposure: string | undefined;
  try {
    exposure = exposureOfFile(path);
  } catch (cause) {
    throw new KeyFileError(path, 'cannot be read', { cause });
  }
  if (exposure !== undefined) throw new KeyFileError(path, exposure);
}

/** Base64url, the one that seals first. */
export function sealKeysOf({ seal_key, seal_keys }: KeysFile): string[] {
  return seal_keys ?? (seal_key === undefined ? [] : [seal_key]);
}

/** A service that finds out when it first signs would have taken in what it cannot finish. */
function lackingIn(file: KeysFile): string[] {
  const { keys, service } = file;
  const needed = keysOfServices[service] ?? [];
  const lacking = needed.filter((purpose) => !keys.some((key) => key.purpose === purpose));
  const needsSeal = sealingServices.has(service) && sealKeysOf(file).length === 0;
  return [...lacking.map((purpose) => `key of purpose ${purpose}`), ...(needsSeal ? ['seal_key'] : [])];
}

/** Reads the public keys of the gate. Throws KeyFileError. */
export function readTrustFile(path: string): TrustFile {
  return read(path, trustFile);
}

function read<T extends { keys: { kid: string; jwk: PublicJwk }[] }>(path: string, schema: z.ZodType<T>): T {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    // The cause of a syntax error would quote the file.
    throw new KeyFileError(path, 'cannot be read as JSON', cause instanceof SyntaxError ? {} : { cause });
  }
  const parsed = schema.safeParse(content);
  if (!parsed.success) throw new KeyFileError(path, `wrong at ${parsed.error.issues[0]?.path.join('.') ?? 'top'}`);
  const wrong = parsed.data.keys.find((key) => thumbprint(key.jwk) !== key.kid);
  if (wrong !== undefined) throw new KeyFileError(path, `kid ${wrong.kid} is not the thumbprint of its key`);
  return parsed.data;
}

/**
 * Makes fresh keys for every service of a gate: `<service>.keys.json` (mode 0600) and `trust.json` in `outDir`.
 * Refuses to overwrite: a gate that loses its keys can no longer prove its past.
 */
export function generateKeys(gateId: string, outDir: string): { trustFile: string; keysFiles: Record<string, string> } {
  mkdirSync(outDir, { recursive: true, mode: 0o700 });
  const trusted: TrustFile = { version: 'sallyport.trust/1', gate: gateId, keys: [] };
  const keysFiles: Record<string, string> = {};
  for (const [service, purposes] of Object.entries(keysOfServices)) {
    const keys = purposes.map((purpose) => generateKey(purpose));
    keysFiles[service] = join(outDir, `${service}.keys.json`);
    const secrets = {
      nonce_key: freshSecret(),
      ...(sealingServices.has(service) && { seal_key: freshSecret() }),
    };
    write(keysFiles[service], { version: 'sallyport.keys/1', gate: gateId, service, ...secrets, keys }, 0o600);
    trusted.keys.push(...keys.map(({ kid, purpose, jwk }) => ({ kid, purpose, service, jwk: publicOf(jwk) })));
  }
  const path = join(outDir, 'trust.json');
  write(path, trusted, 0o644);
  return { trustFile: path, keysFiles };
}

/** A fresh key of the kind that this purpose signs with. */
export function generateKey(purpose: KeyPurpose): KeysFile['keys'][number] {
  const jwk = generatePrivateJwk(purpose === 'checkpoint' ? 'Ed25519' : 'P-256');
  return { kid: thumbprint(jwk), purpose, jwk };
}

/** A fresh private JWK: for gate keys, and for agents and tests. `X25519` is for encryption only. */
export function generatePrivateJwk<C extends 'P-256' | 'Ed25519' | 'X25519'>(crv: C): KeyJwk & { crv: C } {
  const { kty, x, y, d } = generate(crv).export({ format: 'jwk' });
  if ((kty !== 'EC' && kty !== 'OKP') || x === undefined || d === undefined) throw new TypeError(`no ${crv} key`);
  return { kty, crv, x, ...(y !== undefined && { y }), d };
}

type KeyJwk = PrivateJwk & { kty: 'EC' | 'OKP'; y?: string };

function generate(crv: 'P-256' | 'Ed25519' | 'X25519'): KeyObject {
  if (crv === 'P-256') return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  return crv === 'Ed25519' ? generateKeyPairSync('ed25519').privateKey : generateKeyPairSync('x25519').privateKey;
}

/** The half that goes into the trust file. */
export function publicOf(jwk: KeysFile['keys'][number]['jwk']): TrustFile['keys'][number]['jwk'] {
  return { ...publicPart(jwk), kty: jwk.kty, crv: jwk.crv };
}

function write(path: string, content: object, mode: number): void {
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`, { mode, flag: 'wx' });
}
