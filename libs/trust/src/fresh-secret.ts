import { randomBytes } from 'node:crypto';

/** 32 random bytes, base64url: a nonce, a key that is symmetric, the secret of a link, the fresh part of a commitment. */
export const freshSecret = (): string => randomBytes(32).toString('base64url');
