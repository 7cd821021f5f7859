import type { LoggerService } from '@nestjs/common';
import { isError } from '../is-error.js';
import type { Log } from './log.js';
import { scrub } from './scrub.js';

/** Nest's own lines in our format. Its start-up chatter is for debugging; its texts may quote values, so they are scrubbed. */
export class NestLog implements LoggerService {
  constructor(private readonly target: Log) {}

  log(message: unknown, ...more: unknown[]): void {
    this.target.debug('nest.log', this.fields(message, more));
  }

  warn(message: unknown, ...more: unknown[]): void {
    this.target.warn('nest.warn', this.fields(message, more));
  }

  error(message: unknown, ...more: unknown[]): void {
    this.target.error('nest.error', this.fields(message, more));
  }

  fatal(message: unknown, ...more: unknown[]): void {
    this.target.error('nest.fatal', this.fields(message, more));
  }

  /** Nest puts the name of the part that speaks last; what stands between (a stack as text) is not taken over. */
  private fields(message: unknown, more: unknown[]): { message?: string; error?: Error; context?: string } {
    const context = more.at(-1);
    return {
      ...(isError(message) ? { error: message } : { message: scrub(String(message)) }),
      ...(typeof context === 'string' && !context.includes('\n') ? { context: scrub(context) } : {}),
    };
  }
}
