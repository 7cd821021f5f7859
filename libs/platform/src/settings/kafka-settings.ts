import { z } from 'zod';
import { demoDefault, secret } from './marks.js';

/** A SASL login at the brokers. */
export interface KafkaLogin {
  mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  username: string;
  password: string;
}

/** How a program that speaks Kafka reaches its brokers: the fields of `kafkaSettings`. */
export abstract class KafkaSettings {
  abstract readonly SALLYPORT_KAFKA_BROKERS: string[];
  abstract readonly SALLYPORT_KAFKA_TLS: 'on' | 'off';
  abstract readonly SALLYPORT_KAFKA_LOGIN?: KafkaLogin | undefined;
}

const brokers = z
  .string()
  .transform((list) => list.split(',').map((broker) => broker.trim()))
  .pipe(z.array(z.string().regex(/^[^\s:]+:\d{1,5}$/u, 'expected host:port, separated by commas')).min(1));

const loginParts = z.object({
  mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
  username: z.string().min(1),
  password: z.string().min(1),
});

/** The user name ends at the second colon; the password may contain more. */
const login = z
  .string()
  .transform((text) => /^(?<mechanism>[^:]*):(?<username>[^:]*):(?<password>.*)$/su.exec(text)?.groups)
  .pipe(z.custom((parts) => loginParts.safeParse(parts).success, 'expected mechanism:user:password'))
  .pipe(loginParts);

/** Part of every service's settings; to spread also into those of a tool that makes topics. The broker's ACLs need the login, which names the principal. */
export const kafkaSettings = {
  SALLYPORT_KAFKA_BROKERS: demoDefault(brokers, '127.0.0.1:7192').describe(
    'Kafka brokers to start from: host:port, separated by commas',
  ),
  SALLYPORT_KAFKA_TLS: z
    .enum(['on', 'off'])
    .default('off')
    .describe('`on` encrypts the connections to Kafka; NODE_EXTRA_CA_CERTS adds an authority of your own'),
  SALLYPORT_KAFKA_LOGIN: secret(login.optional()).describe(
    'Login at Kafka as mechanism:user:password, the mechanism one of plain, scram-sha-256, scram-sha-512; topic ACLs name this user',
  ),
};
