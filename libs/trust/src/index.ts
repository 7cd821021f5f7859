/** Evidence: canonical bytes, digests, signatures, proofs, views and votes. Who is calling over HTTP is `#trust/http`. */
export { actionDigest, canonical, digestOf, digestOfBytes, shapeDigest } from './canonical.js';
export { parseStrict, type JsonLimits, type JsonValue, type ParsedJson, type StrictJsonCode } from './strict-json.js';
export { freeText, machineLines, machineText, safeText } from './text.js';
export { moneyText } from './money.js';
export { forbiddenText } from './request-text.js';
export {
  algOf, publicKey, publicPart, signingKey, thumbprint,
  type PrivateJwk, type PublicJwk, type PublicKey, type SigningAlg, type SigningKey,
} from './jwk.js'; // prettier-ignore
export { fromBase64url, peek } from './jws.js';
export {
  generateKeys, generatePrivateJwk, KeyFileError, keysFile, keysOfServices, readKeysFile, readTrustFile, sealKeysOf, trustFile,
  type KeysFile, type TrustFile,
} from './key-files.js'; // prettier-ignore
export {
  addKey, keyLines, removeKey, retireKey, stepSeconds, useKey, type GateFiles, type KeyLine, type Step,
} from './rotation.js'; // prettier-ignore
export { addSealKey, dropSealKey, isSealKey, sealLines, sealPurpose, useSealKey } from './seal-rotation.js';
export { Envelope, KekProvider, KekUnknown, type Enveloped } from './envelope.js';
export { wrapKey, type WrappedKey } from './seal.js';
export { defaultType, statementTypes, type StatementType } from './statement-types.js';
export { Keyring, type GateKey } from './keyring.js';
export type { FileState } from './watched-file.js';
export { newUuid7 } from './uuid7.js';
export { freshSecret } from './fresh-secret.js';
export { NonceSource } from './nonce.js';
export { Trust, type Expected, type Verified, type VerifiedDetached } from './trust.js';
export {
  isFresh, requestAttributes, signRequest, verifyRequestSignature,
  type OwnedKey, type RequestExpectation, type RequestHeader, type RequestSignatureCode, type RequestVerified,
} from './request-signature.js'; // prettier-ignore
export {
  outcomeAttributes, outcomesOfServices, signOutcome, verifyOutcome,
  type OutcomeExpectation, type OutcomeVerified,
} from './outcome.js'; // prettier-ignore
export { signServiceToken, verifyServiceToken, type ServiceVerified } from './service-token.js';
export {
  makeProof, verifyProof, type ProofCode, type ProofExpectation, type ProofInput, type ProofVerified,
} from './proof.js'; // prettier-ignore
export { decrypt, encryptTo, type Decrypted, type DeliveryHeader } from './delivery.js';
export {
  escalatesAt, groupsOf, isSoundPlan, partiesOf, peopleNamedIn, planDigest, sameConfirmations, samePlan, sourcesAt, sourcesOf, sourceText, stageEndsAt,
  stageText,
} from './plan.js'; // prettier-ignore
export {
  isSignedInTime, keyNonce, readPersonKey, readSignedVote, signPersonKey, signVote,
} from './person-key.js'; // prettier-ignore
export { personKeySeconds } from './pinned-keys.js';
export {
  callHeaders, callSeconds, verifyCall, type CallExpectation, type CallParts, type CallSigner, type CallVerified,
} from './person-call.js'; // prettier-ignore
export {
  challengeOf, isConfirmed, readStepUp, signStepUp, stepUpChallenge, stepUpSeconds,
} from './step-up.js'; // prettier-ignore
export { isGivenFor, readDelegation, signDelegation, type ReadDelegation } from './delegation.js';
export { verifyVote, type VerifiedVote, type VoteExpectation, type VoteVerified } from './votes.js';
export { isClosingOf, type SaidClosing } from './closing.js';
export { isReplayOf, signReplay, type SaidReplay } from './replay.js';
export { isGrantedWith, readGranting, votesNamed } from './granting.js';
export { grantedBy, hasLimit, satisfies, type Satisfied, type UnsatisfiedWhy, type VoteFacts } from './satisfies.js';
export { canBeSeated, stagesAtOnce, waitsInVain, type Able, type PeopleOf } from './seating.js';
export { delegationOn, ownView, voteOn, type OwnView, type OwnViewInput } from './own-view.js';
export { maskedText, membersNamed, variantOf, variantsOf, type Hiding, type ViewVariant } from './secrets.js';
export { longestShown, mostShown, shownProperties, tooLongToShow } from './summaries.js';
export { textShown, viewDigest, viewOf, type ViewInput } from './view.js';
export * from './log/index.js';
export {
  citedBy, isWhole, peopleIn, readAccepted, readChain, readPassage, soundGrant,
  type Chain, type Cited, type Evidence, type Passage, type Subject, type WholeInput,
} from './chain.js'; // prettier-ignore
