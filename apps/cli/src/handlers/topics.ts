import { z } from 'zod';
import { connectionOf, topicsApply, withKafkaAdmin, type KafkaConnection } from '#messaging';
import { defineSettings, kafkaSettings, loadSettings, Log } from '#platform';
import type { Output } from '../io/output.js';

export interface TopicsOptions {
  brokers: string;
  partitions: number;
  replication: number;
  acls: boolean;
  /** `name=principal`, for each outcome topic of single agents; a principal may hold `=` (`User:CN=payer`). */
  agent: string[];
}

/** Makes and configures all topics; safe to run again. */
export async function applyTopics(output: Output, options: TopicsOptions): Promise<void> {
  const agentTopics = options.agent.map((text) => {
    const [name = '', ...principal] = text.split('=');
    return { name, principal: principal.join('=') || `User:${name}` };
  });
  const applied = await withKafkaAdmin(connectionTo(options.brokers), new Log('cli', 'error'), (admin) =>
    topicsApply(admin, {
      partitions: options.partitions,
      replicationFactor: options.replication,
      acls: options.acls,
      agentTopics,
    }),
  );
  output.result(applied, JSON.stringify(applied, null, 2));
}

/** The login comes by the settings that the services have for it: a password does not belong on a command line. */
function connectionTo(brokers: string): KafkaConnection {
  const names = ['SALLYPORT_KAFKA_TLS', 'SALLYPORT_KAFKA_LOGIN', 'SALLYPORT_KAFKA_LOGIN_FILE'];
  const given = Object.fromEntries(names.map((name) => [name, process.env[name]]));
  const settings = loadSettings(defineSettings(z.object(kafkaSettings)), {
    ...given,
    SALLYPORT_KAFKA_BROKERS: brokers,
  });
  return connectionOf(settings, 'sallyport-cli');
}
