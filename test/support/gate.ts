import { join } from 'node:path';
import type { AgentKey, RegistryEntry, RegistryKind, SpecOf } from '#contracts';
import {
  generateKeys,
  generatePrivateJwk,
  Keyring,
  publicPart,
  signingKey,
  thumbprint,
  Trust,
  type SigningKey,
} from '#trust';
import { canaries } from './canaries.js';
import { scratchFolder } from './scratch.js';

/** The keys of a whole gate in a folder of their own. `remove` in `afterAll`. */
export interface TestGate {
  id: string;
  trust: Trust;
  trustFile: string;
  keysFile(service: string): string;
  keyring(service: string): Keyring;
  remove(): void;
}

export function aGate(id = 'gate.test.example'): TestGate {
  const scratch = scratchFolder('keys');
  const { trustFile, keysFiles } = generateKeys(id, join(scratch.dir, 'keys'));
  const keysFile = (service: string): string => keysFiles[service] ?? '';
  return {
    id,
    trust: Trust.read(trustFile),
    trustFile,
    keysFile,
    keyring: (service) => Keyring.read(keysFile(service)),
    remove: () => {
      scratch.remove();
    },
  };
}

export interface EntryToSign<K extends RegistryKind> {
  kind: K;
  id: string;
  version?: number;
  /** Absent: a deletion. */
  spec?: SpecOf<K>;
  changed_by?: string;
}

/** An entry as the registry signs it. */
export function signEntry<K extends RegistryKind>(gate: TestGate, entry: EntryToSign<K>): string {
  const { kind, id, version = 1, spec, changed_by = 'rita' } = entry;
  const payload: RegistryEntry = {
    gate: gate.id,
    kind,
    id,
    version,
    deleted: spec === undefined,
    ...(spec !== undefined && { spec }),
    changed_by,
    changed_at: '2026-11-24T10:00:00.000Z',
  };
  return gate.keyring('registry').sign('registry', payload);
}

export interface TestKey {
  signing: SigningKey;
  jwk: AgentKey;
}

/** A fresh key of an agent, `use: sig`. */
export function aSigningKey(crv: 'Ed25519' | 'P-256' = 'Ed25519'): TestKey {
  const jwk = generatePrivateJwk(crv);
  canaries.add('private keys of agents', jwk.d);
  const { kty, crv: curve, x, y } = publicPart(jwk);
  const common = {
    kty: kty as AgentKey['kty'],
    crv: curve as AgentKey['crv'],
    x,
    kid: thumbprint(jwk),
    use: 'sig' as const,
  };
  return { signing: signingKey(jwk), jwk: y === undefined ? common : { ...common, y } };
}

/** An agent that may ask for anything, with these keys. */
export function anAgentSpec(keys: readonly AgentKey[], over: Partial<SpecOf<'agents'>> = {}): SpecOf<'agents'> {
  return {
    jwks: { keys: [...keys] },
    owner: 'olga',
    principals: [],
    scope: [{ actions: ['**'], resources: ['**'] }],
    limits: [],
    requests_per_minute: 600,
    environment: 'production',
    state: 'active',
    ...over,
  };
}

export function aPersonSpec(sub: string, over: Partial<SpecOf<'people'>> = {}): SpecOf<'people'> {
  return { identities: [{ iss: 'https://idp.example', sub }], name: sub, limits: [], state: 'active', ...over };
}
