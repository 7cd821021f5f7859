import { start } from '#platform';
import { settings } from './config.js';
import { CredentialsModule } from './credentials.module.js';

await start({ name: 'credentials', settings, module: (values) => CredentialsModule.forSettings(values) });
