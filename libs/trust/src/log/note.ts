import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

/** Algorithm byte of Ed25519 in C2SP signed notes. */
const ed25519 = 0x01;

/** A key that verifies notes, in the form `<name>+<key id in hex>+<base64(algorithm || public key)>` (C2SP signed-note). */
export interface NoteVerifier {
  name: string;
  id: Buffer;
  key: KeyObject;
}

function keyId(name: string, publicKey: Buffer): Buffer {
  return createHash('sha256')
    .update(name)
    .update('\n')
    .update(Buffer.of(ed25519))
    .update(publicKey)
    .digest()
    .subarray(0, 4);
}

function rawPublicKey(key: KeyObject): Buffer {
  const { x } = key.export({ format: 'jwk' });
  if (key.asymmetricKeyType !== 'ed25519' || x === undefined) throw new TypeError('a note key is an Ed25519 key');
  return Buffer.from(x, 'base64url');
}

/** The verifier key that auditors keep. `key` may be private or public. */
export function verifierKey(name: string, key: KeyObject): string {
  const raw = rawPublicKey(key.type === 'private' ? createPublicKey(key) : key);
  return `${name}+${keyId(name, raw).toString('hex')}+${Buffer.concat([Buffer.of(ed25519), raw]).toString('base64')}`;
}

/** Reads a verifier key; undefined when it is malformed, of another algorithm, or its id does not fit its bytes. */
export function parseVerifierKey(text: string): NoteVerifier | undefined {
  const match = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/u.exec(text.trim());
  if (match === null) return undefined;
  const [, name = '', id = '', encoded = ''] = match;
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length !== 33 || bytes[0] !== ed25519) return undefined;
  const raw = bytes.subarray(1);
  if (keyId(name, raw).toString('hex') !== id) return undefined;
  const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') } });
  return { name, id: Buffer.from(id, 'hex'), key };
}

/** Signs a note, a line for each key. `text` ends with a newline and holds no empty line at its end (C2SP signed-note). */
export function signNote(text: string, name: string, ...privateKeys: KeyObject[]): string {
  if (!text.endsWith('\n') || text.endsWith('\n\n')) throw new TypeError('a note ends with exactly one newline');
  if (privateKeys.length === 0) throw new TypeError('a note is signed by somebody');
  return `${text}\n${privateKeys.map((key) => signatureLine(text, name, key)).join('')}`;
}

function signatureLine(text: string, name: string, privateKey: KeyObject): string {
  const raw = rawPublicKey(createPublicKey(privateKey));
  const signature = sign(null, Buffer.from(text, 'utf8'), privateKey);
  return `— ${name} ${Buffer.concat([keyId(name, raw), signature]).toString('base64')}\n`;
}

/** The text of a note that this key signed; undefined otherwise. Signatures of unknown keys are passed over. */
export function openNote(note: string, by: NoteVerifier): string | undefined {
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) return undefined;
  const text = note.slice(0, split + 1);
  const lines = note.slice(split + 2, -1).split('\n');
  const prefix = `— ${by.name} `;
  const verified = lines.some((line) => {
    const blob = line.startsWith(prefix) ? Buffer.from(line.slice(prefix.length), 'base64') : Buffer.alloc(0);
    if (blob.length !== 68 || !blob.subarray(0, 4).equals(by.id)) return false;
    // Base64 has several spellings of the same bytes; a note with another spelling was changed.
    if (line !== prefix + blob.toString('base64')) return false;
    return verify(null, Buffer.from(text, 'utf8'), by.key, blob.subarray(4));
  });
  return verified && lines.every((line) => line.startsWith('— ')) ? text : undefined;
}

/** A C2SP checkpoint: origin, tree size, root hash. */
export interface Checkpoint {
  origin: string;
  size: bigint;
  root: Buffer;
}

export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`;
}

/** Reads the text of a checkpoint note; undefined when it is not exactly one. Extension lines are refused. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const match = /^([^\n]+)\n(0|[1-9]\d{0,18})\n([A-Za-z0-9+/]{43}=)\n$/u.exec(text);
  if (match === null) return undefined;
  const [, origin = '', size = '', root = ''] = match;
  return { origin, size: BigInt(size), root: Buffer.from(root, 'base64') };
}
