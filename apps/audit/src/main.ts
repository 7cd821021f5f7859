import { start } from '#platform';
import { AuditModule } from './audit.module.js';
import { settings } from './config.js';

await start({ name: 'audit', settings, module: (values) => AuditModule.forSettings(values) });
