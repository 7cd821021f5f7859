import { start } from '#platform';
import { ApprovalsModule } from './approvals.module.js';
import { settings } from './config.js';

await start({ name: 'approvals', settings, module: (values) => ApprovalsModule.forSettings(values) });
