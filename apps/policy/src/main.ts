import { start } from '#platform';
import { settings } from './config.js';
import { PolicyModule } from './policy.module.js';

await start({ name: 'policy', settings, module: (values) => PolicyModule.forSettings(values) });
