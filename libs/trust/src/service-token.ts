import { z } from 'zod';
import type { Keyring } from './keyring.js';
import { keysOfServices } from './key-files.js';
import { openCompact, payloadOf } from './jws.js';
import type { Trust } from './trust.js';

const lifeSeconds = 30;
const leewaySeconds = 5;

const claims = z.strictObject({
  gate: z.string(),
  iss: z.string(),
  aud: z.string(),
  iat: z.int(),
  exp: z.int(),
});

/** A JWT by the caller's own key for one call to `aud` (the callee's public URL), valid for 30 s. */
export function signServiceToken(
  keyring: Keyring,
  { from = keyring.service, aud, now = Date.now() }: { from?: string; aud: string; now?: number },
): string {
  if (from !== keyring.service) throw new TypeError(`${keyring.service} cannot sign as ${from}`);
  const iat = Math.floor(now / 1_000);
  return keyring.sign('service', { gate: keyring.gate, iss: from, aud, iat, exp: iat + lifeSeconds });
}

export type ServiceVerified = { ok: true; service: string } | { ok: false };

/** Who calls: the service whose pinned `service` key signed, for this audience, within its 30 s (5 s leeway between clocks). */
export function verifyServiceToken(
  trust: Trust,
  token: string,
  { aud, now = Date.now() }: { aud: string; now?: number },
): ServiceVerified {
  const service = claimedIssuer(token);
  if (service === undefined) return { ok: false };
  const verified = trust.verify(token, { purpose: 'service', service, schema: claims });
  if (!verified.ok || verified.payload.iss !== service || verified.payload.aud !== aud) return { ok: false };
  return isCurrent(verified.payload, Math.floor(now / 1_000)) ? { ok: true, service } : { ok: false };
}

function isCurrent({ iat, exp }: { iat: number; exp: number }, seconds: number): boolean {
  return exp - iat === lifeSeconds && iat <= seconds + leewaySeconds && seconds < exp + leewaySeconds;
}

/** Only picks the key; the verified claim must say the same. */
function claimedIssuer(token: string): string | undefined {
  const open = openCompact(token);
  const iss = open && payloadOf(open)?.['iss'];
  return typeof iss === 'string' && Object.hasOwn(keysOfServices, iss) ? iss : undefined;
}
