import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

/** PostgreSQL's own default (`scram_iterations`). */
const iterations = 4096;

/**
 * What PostgreSQL stores for a password (RFC 5802 section 3, RFC 7677; format of pg_authid.rolpassword): `SCRAM-SHA-256$<iterations>:<salt>$<stored
 * key>:<server key>`. Sent in place of the password, so that it stands in no log of the server. Throws for a password that would need SASLprep.
 */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16)): string {
  // Printable ASCII is its own SASLprep form (RFC 4013); anything else could be prepared differently by the server.
  if (!/^[\x21-\x7e]+$/u.test(password)) throw new Error('a role password must be printable ASCII without spaces');
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  const storedKey = createHash('sha256').update(clientKey).digest('base64');
  const serverKey = createHmac('sha256', salted).update('Server Key').digest('base64');
  return `SCRAM-SHA-256$${String(iterations)}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}
