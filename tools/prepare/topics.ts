// Makes and configures all topics; safe to run again.
import { connectionOf, topicsApply, withKafkaAdmin } from '#messaging';
import { defineSettings, kafkaSettings, loadSettings, Log, SettingsError } from '#platform';
import { z } from 'zod';

const agentTopics = z.array(z.strictObject({ name: z.string(), principal: z.string() }));

const settings = defineSettings(
  z.object({
    ...kafkaSettings,
    SALLYPORT_TOPICS_PARTITIONS: z.coerce.number().int().min(1).max(1000).default(6).describe(
      'Partitions of every lifecycle topic; cannot be changed later',
    ), // prettier-ignore
    SALLYPORT_TOPICS_REPLICATION: z.coerce.number().int().min(1).max(9).default(3).describe('Copies of every record'),
    SALLYPORT_TOPICS_ACLS: z.enum(['true', 'false']).default('false').describe('Also say who may write and read'),
    SALLYPORT_TOPICS_OF_AGENTS: z
      .string()
      .default('[]')
      .transform((text): unknown => JSON.parse(text))
      .pipe(agentTopics)
      .describe('Outcome topics of single agents: a JSON list of {name, principal}'),
  }),
);

async function run(): Promise<void> {
  const values = loadSettings(settings);
  await withKafkaAdmin(connectionOf(values, 'sallyport-topics'), new Log('topics', 'warn'), async (admin) => {
    const applied = await topicsApply(admin, {
      partitions: values.SALLYPORT_TOPICS_PARTITIONS,
      replicationFactor: values.SALLYPORT_TOPICS_REPLICATION,
      acls: values.SALLYPORT_TOPICS_ACLS === 'true',
      agentTopics: values.SALLYPORT_TOPICS_OF_AGENTS,
    });
    console.log(JSON.stringify(applied));
  });
}

try {
  await run();
} catch (error) {
  console.error(error instanceof SettingsError ? error.message : error);
  process.exitCode = 1;
}
