import { createHmac, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

type Header = Record<string, unknown>;

/** A genuine signed statement, taken apart, and the private key that has signed it. */
export interface Genuine {
  jws: string;
  header: Header;
  /** Base64url. */
  payload: string;
  signature: string;
  key: KeyObject;
  /** The payload does not travel inside. */
  isDetached: boolean;
}

export interface Trick {
  how: string;
  forge: (of: Genuine) => string;
  /** Only with the true key, and such as a provider may do: our own statements are refused for it all the same. */
  isExact?: true;
}

/** `bytes`: of a signature that lies beside them. */
export function takenApart(jws: string, key: KeyObject, bytes?: Buffer): Genuine {
  const [head = '', inside = '', signature = ''] = jws.split('.');
  const header = JSON.parse(Buffer.from(head, 'base64url').toString('utf8')) as Header;
  const payload = bytes === undefined ? inside : coded(bytes);
  return { jws, header, payload, signature, key, isDetached: bytes !== undefined };
}

const coded = (text: string | Buffer): string => Buffer.from(text).toString('base64url');

function put(of: Genuine, head: string, signature: string): string {
  return `${head}.${of.isDetached ? '' : of.payload}.${signature}`;
}

function signed(of: Genuine, header: Header | string, key = of.key): string {
  const head = coded(typeof header === 'string' ? header : JSON.stringify(header));
  return put(of, head, signatureOf(`${head}.${of.payload}`, key).toString('base64url'));
}

function signatureOf(input: string, key: KeyObject, dsaEncoding: 'ieee-p1363' | 'der' = 'ieee-p1363'): Buffer {
  const bytes = Buffer.from(input, 'latin1');
  return key.asymmetricKeyType === 'ec' ? sign('sha256', bytes, { key, dsaEncoding }) : sign(null, bytes, key);
}

function unsigned(of: Genuine, alg: string, signature = ''): string {
  return put(of, coded(JSON.stringify({ ...of.header, alg })), signature);
}

/** Whoever reads `HS256` with a public key in hand takes that for the shared secret. */
function asSecret(of: Genuine, secret: string | Buffer): string {
  const head = coded(JSON.stringify({ ...of.header, alg: 'HS256' }));
  return put(of, head, createHmac('sha256', secret).update(`${head}.${of.payload}`).digest('base64url'));
}

/** A key of the same kind that anybody can make. */
function ownKey({ key }: Genuine): { key: KeyObject; jwk: object } {
  const isCurve = key.asymmetricKeyType === 'ec';
  const { privateKey, publicKey } = isCurve
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('ed25519');
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' });
  return { key: privateKey, jwk: isCurve ? { kty, crv, x, y } : { kty, crv, x } };
}

const byOwnKey = (of: Genuine, more: (jwk: object) => Header = () => ({})): string => {
  const { key, jwk } = ownKey(of);
  return signed(of, { ...of.header, ...more(jwk) }, key);
};

const publicOf = ({ key }: Genuine): KeyObject => createPublicKey(key);
const elsewhere = 'https://evil.example/keys';

/** What somebody writes who has seen a genuine one, and has not its key. */
const forgeries: Trick[] = [
  { how: 'alg none, and no signature', forge: (of) => unsigned(of, 'none') },
  { how: 'alg nOnE, and the old signature', forge: (of) => unsigned(of, 'nOnE', of.signature) },
  { how: 'no signature', forge: (of) => put(of, coded(JSON.stringify(of.header)), '') },
  {
    how: 'a signature of zeros',
    forge: (of) => put(of, coded(JSON.stringify(of.header)), coded(Buffer.alloc(64))),
  },
  {
    how: 'HS256, with the public key as its secret',
    forge: (of) => asSecret(of, publicOf(of).export({ type: 'spki', format: 'pem' })),
  },
  {
    how: 'HS256, with the bytes of the public key as its secret',
    forge: (of) => asSecret(of, Buffer.from(publicOf(of).export({ format: 'jwk' }).x ?? '', 'base64url')),
  },
  { how: 'another algorithm over the old signature', forge: (of) => unsigned(of, 'RS256', of.signature) },
  { how: 'another key, under the same name', forge: (of) => byOwnKey(of) },
  { how: 'another key, which it brings with it', forge: (of) => byOwnKey(of, (jwk) => ({ jwk })) },
  { how: 'another key, which it points to', forge: (of) => byOwnKey(of, () => ({ jku: elsewhere, x5u: elsewhere })) },
  { how: 'another key, in a certificate', forge: (of) => byOwnKey(of, () => ({ x5c: [coded('MIIB')] })) },
  {
    how: 'another key, called critical',
    forge: (of) => byOwnKey(of, (jwk) => ({ jwk, crit: ['jwk'] })),
  },
];

/** What whoever has the key writes beside what must stand there, or in another way. */
const oddities: Trick[] = [
  { how: 'crit, with what nobody knows', forge: (of) => signed(of, { ...of.header, crit: ['urn:x'], 'urn:x': 1 }) },
  { how: 'crit, with nothing', forge: (of) => signed(of, { ...of.header, crit: [] }) },
  { how: 'a payload that it says is not encoded', forge: (of) => signed(of, { ...of.header, b64: false, crit: ['b64'] }) },
  { how: 'the name of another algorithm', forge: (of) => signed(of, { ...of.header, alg: 'ES384' }) },
  { how: 'no algorithm', forge: (of) => signed(of, { ...of.header, alg: undefined }) },
  { how: 'a second key beside its own', forge: (of) => signed(of, { ...of.header, x5c: [], jku: elsewhere }), isExact: true },
  {
    how: 'two algorithms',
    forge: (of) => signed(of, JSON.stringify(of.header).replace('{', '{"alg":"none",')),
    isExact: true,
  },
  {
    how: 'its signature in another encoding',
    forge: (of) => {
      const head = coded(JSON.stringify(of.header));
      const other = signatureOf(`${head}.${of.payload}`, of.key, 'der');
      return put(of, head, of.key.asymmetricKeyType === 'ec' ? coded(other) : `${coded(other)}=`);
    },
  },
]; // prettier-ignore

export const tricks: readonly Trick[] = [...forgeries, ...oddities];
