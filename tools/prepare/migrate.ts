// Makes one schema and one role per service and runs all migrations; safe to run again, and twice at once. A job of its
// own and not part of a service's start, because a service has no right to change its tables.
import { migrate, type MigrationClass } from '#database';
import { defineSettings, loadSettings, secret, serviceNames, SettingsError, type ServiceName } from '#platform';
import { z } from 'zod';

const adminUrl = 'SALLYPORT_MIGRATE_DATABASE_URL';
const passwordName = (service: ServiceName): string => `SALLYPORT_MIGRATE_${service.toUpperCase()}_PASSWORD`;

const settings = defineSettings(
  z.object({
    [adminUrl]: secret(z.url({ protocol: /^postgres(ql)?$/u })).describe(
      'PostgreSQL, as a role that may create roles and schemas',
    ),
    ...Object.fromEntries(
      serviceNames.map((service) => [
        passwordName(service),
        secret(z.string().min(12)).describe(`Password that the role of ${service} gets`),
      ]),
    ),
  }),
);

/** Every service's module file lists its own migrations. Loaded by name, so that no service is forgotten here. */
async function migrationsOf(service: ServiceName): Promise<readonly MigrationClass[]> {
  const module: unknown = await import(`../../apps/${service}/src/${service}.module.js`);
  const listed = z.object({ migrations: z.array(z.custom<MigrationClass>((value) => typeof value === 'function')) });
  return listed.parse(module).migrations;
}

async function run(): Promise<void> {
  const values: Record<string, string> = loadSettings(settings);
  const valueOf = (name: string): string => values[name] ?? '';
  const services = await Promise.all(
    serviceNames.map(async (service) => {
      return { service, password: valueOf(passwordName(service)), migrations: await migrationsOf(service) };
    }),
  );
  const ran = await migrate(valueOf(adminUrl), services);
  console.log(JSON.stringify(ran));
}

try {
  await run();
} catch (error) {
  console.error(error instanceof SettingsError ? error.message : error);
  process.exitCode = 1;
}
