import { start } from '#platform';
import { settings } from './config.js';
import { IntakeModule } from './intake.module.js';

await start({ name: 'intake', settings, module: () => IntakeModule.forService() });
