import { describe, expect, it } from '@jest/globals';
import { outcomesTopic } from '#contracts';
import kafkajs from 'kafkajs';
import { Play } from '../../tools/demo/play.js';
import { migrate, refund } from '../../tools/demo/requests.js';
import { eventually } from '../support/eventually.js';
import type { Staged } from './demo-stage.js';

/** First in its world: nobody else has been told anything on these topics. */
export function tellAgentsApart(staged: Staged): void {
  describe('agents on two outcome topics', () => {
    it('are each told on their own, and nothing on the other’s or on the common one', async () => {
      const play = new Play(staged.stage, () => undefined);
      const [operator, trader] = [await play.agent('migrator'), await play.agent('refunder')];
      const migration = await operator.askAndSee(migrate({ column: 'apart', change: { ticket: 'CHG-2' } }));
      const payment = await trader.askAndSee(refund(1_000));
      await play.end();

      const heard = await listen(
        staged.stage.kafka_brokers,
        ['operations', 'commerce', undefined].map((name) => outcomesTopic(name)),
      );
      await eventually(() => {
        expect(heard.actions(outcomesTopic('operations'))).toEqual(new Set([migration.ticket.actionId]));
        expect(heard.actions(outcomesTopic('commerce'))).toEqual(new Set([payment.ticket.actionId]));
      });
      expect(heard.actions(outcomesTopic(undefined))).toEqual(new Set());
      await heard.stop();
    }, 60_000);
  });
}

interface Heard {
  actions(topic: string): Set<string>;
  stop(): Promise<void>;
}

async function listen(brokers: string, topics: string[]): Promise<Heard> {
  const kafka = new kafkajs.Kafka({ brokers: [brokers], logLevel: kafkajs.logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: 'somebody-who-listens' });
  const heard = new Map(topics.map((topic) => [topic, new Set<string>()]));
  await consumer.connect();
  await consumer.subscribe({ topics, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ topic, message }) => {
      heard.get(topic)?.add(String(message.key));
    },
  });
  return { actions: (topic) => heard.get(topic) ?? new Set(), stop: () => consumer.disconnect() };
}
