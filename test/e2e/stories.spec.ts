import { describe, expect, it } from '@jest/globals';
import { outcomesTopic } from '#contracts';
import kafkajs from 'kafkajs';
import { Play } from '../../tools/demo/play.js';
import { whyNoPython } from '../../tools/demo/python.js';
import { migrate, refund } from '../../tools/demo/requests.js';
import { also } from '../../tools/demo/stories/also.js';
import { brokeredStory } from '../../tools/demo/stories/brokered.js';
import { databaseStory } from '../../tools/demo/stories/database.js';
import { incidentStory } from '../../tools/demo/stories/incident.js';
import { paymentStory } from '../../tools/demo/stories/payment.js';
import { pythonScenes } from '../../tools/demo/stories/python.js';
import { sharingStory } from '../../tools/demo/stories/sharing.js';
import { eventually } from '../support/eventually.js';
import { playScenes, stageForThisFile } from './demo-stage.js';

/*
 * One demo for all stories, as in `npm run demo`. Each scene registers agents of its own and takes back what it changes,
 * so none counts on another: any of them can be played alone, in any order.
 */
const staged = stageForThisFile();
const stage = () => staged.stage;

playScenes('story 1, a database change', databaseStory, { stage });
playScenes('story 1, with the gate’s own hands', brokeredStory, { stage });
playScenes('story 2, sharing data', sharingStory, { stage });
playScenes('story 3, a payment', paymentStory, { stage });
playScenes('story 3, a payment', pythonScenes, { stage, lacks: whyNoPython() });
playScenes('story 4, an incident', incidentStory, { stage });
playScenes('what must not work, and what becomes of it', also, { stage });

describe('with a second instance of policy', () => {
  const twenties = paymentStory.filter(({ title }) => title.includes('twenty'));

  it.each(twenties)(
    '$title',
    async ({ play: scene }) => {
      const second = await staged.world.startInstance('policy', {
        SALLYPORT_POLICY_CONFIG_FILE: staged.stage.policy_config_file,
      });
      const play = new Play(staged.stage, () => undefined);
      try {
        await scene(play);
      } finally {
        await play.end();
        await staged.world.stop(second.name);
      }
    },
    180_000,
  );
});

describe('agents on two outcome topics', () => {
  it('are each told on their own, and nothing on the other’s or on the common one', async () => {
    const play = new Play(staged.stage, () => undefined);
    const [operator, trader] = [await play.agent('migrator'), await play.agent('refunder')];
    const migration = await operator.askAndSee(migrate({ column: 'apart', change: { ticket: 'CHG-2' } }));
    const payment = await trader.askAndSee(refund(1_000));
    await play.end();

    const heard = await listen(['operations', 'commerce', undefined].map((name) => outcomesTopic(name)));
    const both = [migration.ticket.actionId, payment.ticket.actionId];
    const [operations, commerce] = [heard.actions(outcomesTopic('operations')), heard.actions(outcomesTopic('commerce'))]; // prettier-ignore
    await eventually(() => {
      expect(both.filter((id) => operations.has(id))).toEqual([migration.ticket.actionId]);
      expect(both.filter((id) => commerce.has(id))).toEqual([payment.ticket.actionId]);
    });
    expect([...operations].filter((id) => commerce.has(id))).toEqual([]);
    // All agents of the demo hear on one of the two, whatever else has been played.
    expect(heard.actions(outcomesTopic(undefined))).toEqual(new Set());
    await heard.stop();
  }, 60_000);
});

interface Heard {
  actions(topic: string): Set<string>;
  stop(): Promise<void>;
}

async function listen(topics: string[]): Promise<Heard> {
  const kafka = new kafkajs.Kafka({ brokers: [staged.stage.kafka_brokers], logLevel: kafkajs.logLevel.NOTHING });
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
