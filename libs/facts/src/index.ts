export { compileProperties, type Compiled } from './action-schema.js';
export { AskedKeys } from './asked-keys.js';
export { CatchUp, catchUpLimits, type Limits, type Pace, type Unknowns } from './catch-up.js';
export { FactsModule } from './facts.module.js';
export { HttpRegistryClient, type RegistryAccess } from './http-registry-client.js';
export { Peers, type PeerAnswer } from './peers.js';
export { readEntry, type ReadEntry, type SignedEntry, type Verifier } from './read-entry.js';
export { RegistryClient, type KnownOf, type Looked, type Wanted } from './registry-client.js';
export {
  RegistryCopy,
  isGone,
  isKnown,
  type CopyEntry,
  type Gone,
  type KeyOwner,
  type KnownOfAnyKind,
} from './registry-copy.js';
export { registryCopyMigrations } from './registry-copy.migration.js';
export { KeysModule } from './keys.module.js';
export { callersModule, issuerSettings, issuersOf } from './callers.module.js';
export { RegistryCopyStore } from './registry-copy.store.js';
