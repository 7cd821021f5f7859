import { defineSettings, logLevels, secret } from '#platform';
import { z } from 'zod';
import { dataDir } from './place.js';
import { defaultPorts, portNames, portSetting, type PortName } from './ports-of-world.js';

const port = (name: PortName): z.ZodType<number> =>
  z.coerce.number().int().min(1).max(65_535).default(defaultPorts[name]).describe(`Port of ${name.replaceAll('_', ' ')}`); // prettier-ignore

/** What `npm start` and `npm run demo` read. Names that start with `SALLYPORT_<SERVICE>_` go on to that service. */
export const worldSettings = defineSettings(
  z.object({
    ...Object.fromEntries(portNames.map((name) => [portSetting(name), port(name)])),
    SALLYPORT_KAFKA_BROKERS: z
      .string()
      .optional()
      .describe('A Kafka that runs already: host:port, separated by commas. Without it one is started here'),
    SALLYPORT_DATABASE_URL: secret(z.url({ protocol: /^postgres(ql)?$/u }).optional()).describe(
      'A PostgreSQL that runs already, as a role that may create roles and schemas. Without it one is started here',
    ),
    SALLYPORT_WORLD_DIR: z
      .string()
      .default(dataDir)
      .describe('Folder for data, keys and logs; a second start finds them again'),
    SALLYPORT_LOG_LEVEL: z.enum(logLevels).default('info').describe('Least important log lines that services write'),
  }),
);
