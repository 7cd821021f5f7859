import { pino, type DestinationStream, type Logger } from 'pino';
import { filterFields } from './filter-fields.js';
import type { LogFields } from './log-fields.js';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof logLevels)[number];

/** One JSON object a line on standard output: `event` is a stable dotted name, everything else is a listed field. */
export class Log {
  private readonly logger: Logger;

  constructor(service: string, level: LogLevel, destination?: DestinationStream) {
    const options = { level, base: { service }, messageKey: 'event', timestamp: pino.stdTimeFunctions.isoTime };
    this.logger = destination ? pino(options, destination) : pino(options);
  }

  debug(event: string, fields: LogFields = {}): void {
    if (this.logger.isLevelEnabled('debug')) this.logger.debug(filterFields(fields), event);
  }

  info(event: string, fields: LogFields = {}): void {
    if (this.logger.isLevelEnabled('info')) this.logger.info(filterFields(fields), event);
  }

  warn(event: string, fields: LogFields = {}): void {
    if (this.logger.isLevelEnabled('warn')) this.logger.warn(filterFields(fields), event);
  }

  error(event: string, fields: LogFields = {}): void {
    this.logger.error(filterFields(fields), event);
  }
}
