import { start } from '#platform';
import { settings } from './config.js';
import { NotifierModule } from './notifier.module.js';

await start({ name: 'notifier', settings, module: (values) => NotifierModule.forSettings(values) });
