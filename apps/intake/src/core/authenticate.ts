import type { AgentKey, Known } from '#contracts';
import { digestOfBytes, verifyRequestSignature, type RequestSignatureCode } from '#trust';
import type { Ask } from './ask.js';
import type { Proven } from './settle.js';

export interface KeyHolder {
  agent: Known<'agents'>;
  key: AgentKey;
}

/** The audience that the signature must name, and whose keys are known. */
export interface Door {
  aud: string;
  holderOf: (kid: string) => KeyHolder | undefined;
}

/** Not an agent's word. `kid` is set where the header names a key that nobody is known for. */
export interface Unproven {
  ask: Ask;
  code: RequestSignatureCode | 'unsupported_mode';
  sha256: string;
  kid?: string;
}

export const isProven = (one: Proven | Unproven): one is Proven => 'header' in one;

/** Checks the agent's signature over the value bytes. Nothing has looked into the value before this. */
export function authenticate(ask: Ask, { aud, holderOf }: Door): Proven | Unproven {
  const sha256 = digestOfBytes(ask.bytes);
  let holder: KeyHolder | undefined;
  let unknownKid: string | undefined;
  const verified = verifyRequestSignature(ask.bytes, ask.signature, {
    aud,
    ...(ask.attributes && { attributes: ask.attributes }),
    keys: (kid) => {
      holder = holderOf(kid);
      if (holder === undefined) unknownKid = kid;
      return holder && { ...holder.key, agentId: holder.agent.id };
    },
  });
  if (verified.ok && holder) return { ask, header: verified.header, agent: holder.agent, sha256 };
  const code = codeOf(ask, verified.ok ? 'key_unknown' : verified.code);
  return { ask, code, sha256, ...(unknownKid !== undefined && { kid: unknownKid }) };
}

/** A record in another mode has no signature that could be found: the mode is what its sender must hear. */
const codeOf = ({ carriage }: Ask, code: RequestSignatureCode): Unproven['code'] =>
  carriage === 'unsupported_mode' ? 'unsupported_mode' : code;
