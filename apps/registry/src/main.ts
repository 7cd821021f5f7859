import { start } from '#platform';
import { settings } from './config.js';
import { RegistryModule } from './registry.module.js';

await start({ name: 'registry', settings, module: (values) => RegistryModule.forSettings(values) });
