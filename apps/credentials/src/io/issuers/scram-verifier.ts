import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(pbkdf2);

/** RFC 7677 section 4 asks for at least 4096. More would protect guessable passwords; ours have 256 bits. */
const iterations = 4_096;

/** A password for one lease: 256 random bits, in letters that SASLprep leaves alone. */
export function newPassword(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * What a PostgreSQL server keeps of a password (RFC 5802 section 3, RFC 7677). Made here, so that the password itself
 * never reaches the target: servers log statements. Off the main thread, because it is what a mint costs most.
 */
export async function scramVerifier(password: string, salt: Buffer = randomBytes(16)): Promise<string> {
  const salted = await derive(password, salt, iterations, 32, 'sha256');
  const keyed = (text: string): Buffer => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(keyed('Client Key')).digest('base64');
  const serverKey = keyed('Server Key').toString('base64');
  return `SCRAM-SHA-256$${String(iterations)}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}
