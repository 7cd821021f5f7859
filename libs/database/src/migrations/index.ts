import type { MigrationClass } from '../migration.js';
import { CreateInbox } from './create-inbox.js';
import { CreateOutbox } from './create-outbox.js';
import { CreateTimers } from './create-timers.js';

/** The tables that every service's schema has, before its own. */
export const sharedMigrations: readonly MigrationClass[] = [CreateOutbox, CreateInbox, CreateTimers];
