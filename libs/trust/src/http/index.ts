/** Who is calling over HTTP, for Nest on Fastify. What the caller may do is for the handlers. */
import './fastify.js';
export {
  callerOfKind, Callers, Calling, KnownCallers,
  type CalledRequest, type Caller, type CallerOf, type KeyOwner, type RegistryLike,
} from './caller.js'; // prettier-ignore
export { AnyOf, CallerGuard, PersonGuard, ProofGuard, ServiceGuard } from './guards.js';
export { HttpTrust, type HttpTrustParts } from './http-trust.js';
export { HttpTrustModule, type HttpTrustOptions } from './http-trust.module.js';
export { verifyIdToken, type SignedIn } from './id-token.js';
export { type Issuer } from './issuer-keys.js';
export { verifyLogoutToken, type LoggedOut } from './logout-token.js';
export { OnlyStops, ProvenInBody } from './person-call.js';
export { PersonKeys, type KeyUse } from './person-keys.js';
export { JtiStore, proofJtiTable, SqlJtiStore, type SqlRunner } from './jti-store.js';
