import { replay, type Replay } from '#contracts';
import { canonical } from './canonical.js';
import type { Keyring } from './keyring.js';
import type { Trust } from './trust.js';

const typ = 'sallyport-replay+jws';

/** What an event says about a second redeem: every member but the statement itself. */
export type SaidReplay = Omit<Replay, 'gate' | 'iat'>;

/** credentials signs that a lease was redeemed once more. `at` is the database's clock. */
export function signReplay(keyring: Keyring, said: SaidReplay, at: Date): string {
  const statement: Replay = { gate: keyring.gate, ...said, iat: Math.floor(at.getTime() / 1_000) };
  return keyring.sign('lease', statement, typ);
}

/** True when credentials has signed exactly what was said, member by member. */
export function isReplayOf(trust: Trust, signed: string, said: SaidReplay): boolean {
  const read = trust.verify(signed, { purpose: 'lease', service: 'credentials', typ, schema: replay });
  if (!read.ok) return false;
  const { gate, iat } = read.payload;
  return canonical({ ...said, gate, iat }) === canonical(read.payload);
}
