/** The gate from the outside: for agents (`SallyportAgent`, `KafkaDoor`) and for tools (`ToolGate`). */
export { GateError, type GateErrorCode } from './gate-error.js';
export { KafkaDoor, type KafkaDoorOptions, type KafkaLike } from './kafka-door.js';
export { Lease, type BrokeredResult, type Credential } from './lease.js';
export { type Asked, type AskOptions, type SignedRequest, type Ticket } from './request.js';
export { SallyportAgent, type AgentOptions, type WaitOptions } from './sallyport-agent.js';
export { isOver, isQuestioned, isSettled, type ActionStatus, type OfferedLease } from './status.js';
export { fastifyGuard, frozenOf, guarded, type ToolReply, type ToolRequest } from './tool-guard.js';
export { ToolGate, type ToolCall, type ToolGateOptions } from './tool-gate.js';
export {
  actionDigest, generatePrivateJwk, publicPart, safeText, thumbprint, Trust, trustFile, verifyOutcome,
  type PrivateJwk, type PublicJwk, type TrustFile,
} from '#trust'; // prettier-ignore
/** The CloudEvents id, the action id, the Kafka key and the idempotency key in one. */
export { newUuid7 as newActionId } from '#trust';
export type { ConsumeAnswer, OutcomeValue, Problem, ProblemCode, RequestValue, SignedOutcome } from '#contracts';
