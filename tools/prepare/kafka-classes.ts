// Starts one Kafka, sends one record through it, and has its Java write down the classes that it loaded, into the file
// named by the first argument. A Kafka that knows them starts with half the work.
import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { EmbeddedKafka } from '../world/kafka.js';
import { freePorts } from '../world/ports.js';

const topic = 'warm-up';
const deliveredWithinMs = 30_000;

const classesTo = process.argv[2];
if (classesTo === undefined) throw new Error('the file to write must be named');
const dir = mkdtempSync(join(dirname(classesTo), 'classes-'));
const [port = 0, controllerPort = 0] = await freePorts(2);
const kafka = new EmbeddedKafka({ dir, port, controllerPort, logFile: join(dir, 'kafka.log'), classesTo });
try {
  await kafka.start();
  await sendOne(kafka.brokers);
} finally {
  await kafka.stop();
  rmSync(dir, { recursive: true });
}

async function sendOne(brokers: string): Promise<void> {
  const client = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING });
  const [admin, producer, consumer] = [client.admin(), client.producer(), client.consumer({ groupId: topic })];
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  await Promise.all([producer.connect(), consumer.connect()]);
  await producer.send({ topic, acks: -1, messages: [{ key: 'one', value: 'one' }] });
  await consumer.subscribe({ topic, fromBeginning: true });
  const late = AbortSignal.timeout(deliveredWithinMs);
  await new Promise<void>((resolve, reject) => {
    late.addEventListener('abort', () => {
      reject(new Error('Kafka did not deliver its first record'));
    });
    const eachMessage = (): Promise<void> => {
      resolve();
      return Promise.resolve();
    };
    void consumer.run({ eachMessage }).catch(reject);
  });
  await Promise.all([admin.disconnect(), producer.disconnect(), consumer.disconnect()]);
}
