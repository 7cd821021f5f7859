export { createApp, transportStrategy } from './create-app.js';
export { Fault, faultCodes, isRetryable, type FaultCode, type FaultDetails } from './fault.js';
export { armFault, fault, faultPoints, readFaultSpec, type FaultPoint } from './fault-points.js';
export { Readiness, type PartState, type ReadinessReport } from './health/readiness.js';
export { bodyLimitBytes } from './http/http-server.js';
export { isError } from './is-error.js';
export { ProblemFilter } from './http/problem-filter.js';
export { Log, logLevels, type LogLevel } from './log/log.js';
export { logFields, type LogField, type LogFields } from './log/log-fields.js';
export { newId } from './new-id.js';
export { PlatformModule, ThisProcess, type ServiceIdentity } from './platform.module.js';
export { backoff, retrying, type BackoffLimits, type Patience } from './retry.js';
export { CommonSettings, commonSettings, portName, urlName, type ServiceUrls } from './settings/common-settings.js';
export { KafkaSettings, kafkaSettings, type KafkaLogin } from './settings/kafka-settings.js';
export { defineSettings, type SettingsDefinition, type SettingsOf } from './settings/define-settings.js';
export { loadSettings, SettingsError } from './settings/load-settings.js';
export { demoDefault, demoOnly, ownedBy, secret, type Environment } from './settings/marks.js';
export { defaultPorts, serviceNames, type ServiceName } from './settings/service-names.js';
export { settingsTable, type SettingRow } from './settings/settings-table.js';
export { Shutdown, shutdownPhases, type ShutdownPhase } from './shutdown.js';
export { start, type Program } from './start.js';
export {
  childTraceparent,
  formatTraceparent,
  newTraceparent,
  parseTraceparent,
  traceIdOf,
  type TraceContext,
} from './traceparent.js';
