import { makeProof, signingKey, type PrivateJwk } from '#trust';
import { read, type Answer } from './answers.js';

/** One call without its proof. */
export interface Proven {
  method: 'GET' | 'POST';
  url: string;
  body?: unknown;
}

/** A call with a proof of this key. Takes a nonce first, as everybody must. */
export async function proveCall({ method, url, body }: Proven, key: PrivateJwk): Promise<Answer> {
  const [htu = url] = url.split('?');
  const text = body === undefined ? undefined : JSON.stringify(body);
  const send = (nonce?: string) => {
    const about = { key: signingKey(key), htm: method, htu, ...(nonce && { nonce }) };
    const headers = {
      dpop: makeProof({ ...about, ...(text !== undefined && { body: text }) }),
      ...(text !== undefined && { 'content-type': 'application/json' }),
    };
    return fetch(url, { method, headers, ...(text !== undefined && { body: text }) });
  };
  const first = await send();
  const nonce = first.headers.get('dpop-nonce') ?? '';
  await first.body?.cancel();
  return read(await send(nonce));
}
