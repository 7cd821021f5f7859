import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const algorithm = 'aes-256-gcm';
const [ivBytes, tagBytes] = [12, 16];

/** AES-256-GCM (NIST SP 800-38D) with a fresh nonce: nonce, tag, ciphertext. `about` is authenticated and not kept. */
export function sealText(key: Buffer, text: string, about: string): Buffer {
  return sealBytes(key, Buffer.from(text, 'utf8'), textAbout(about));
}

/** Undefined when anything of it is not as it was sealed. */
export function unsealText(key: Buffer, sealed: Buffer, about: string): string | undefined {
  return unsealBytes(key, sealed, textAbout(about))?.toString('utf8');
}

/** A data key under a key-encrypting key, and which one that is. */
export interface WrappedKey {
  kek: string;
  wrapped: Buffer;
}

/** The name of a key-encrypting key: says nothing about it, and cannot be another's. */
export function kekId(kek: Buffer): string {
  return createHash('sha256').update('sallyport/kek/v1\0').update(kek).digest('base64url').slice(0, 22);
}

/** 32 random bytes each time, so that one KEK may wrap up to 2^32 of them (NIST SP 800-38D, section 8.3). */
export function wrapKey(kek: Buffer, dataKey: Buffer): WrappedKey {
  return { kek: kekId(kek), wrapped: sealBytes(kek, dataKey, keyAbout(kekId(kek))) };
}

/** Undefined when it was wrapped with another key, or changed since. */
export function unwrapKey(kek: Buffer, { kek: id, wrapped }: WrappedKey): Buffer | undefined {
  return unsealBytes(kek, wrapped, keyAbout(id));
}

function sealBytes(key: Buffer, bytes: Buffer, about: Buffer): Buffer {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv(algorithm, key, iv, { authTagLength: tagBytes }).setAAD(about);
  const sealed = Buffer.concat([cipher.update(bytes), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
}

function unsealBytes(key: Buffer, sealed: Buffer, about: Buffer): Buffer | undefined {
  if (sealed.length < ivBytes + tagBytes) return undefined;
  const iv = sealed.subarray(0, ivBytes);
  const tag = sealed.subarray(ivBytes, ivBytes + tagBytes);
  try {
    const decipher = createDecipheriv(algorithm, key, iv, { authTagLength: tagBytes });
    decipher.setAAD(about).setAuthTag(tag);
    return Buffer.concat([decipher.update(sealed.subarray(ivBytes + tagBytes)), decipher.final()]);
  } catch {
    // The tag does not fit: that is the answer.
    return undefined;
  }
}

const textAbout = (about: string): Buffer => Buffer.from(`sallyport/seal/v1\0${about}`, 'utf8');
const keyAbout = (id: string): Buffer => Buffer.from(`sallyport/wrap/v1\0${id}`, 'utf8');
