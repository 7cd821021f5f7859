import { describe, it } from '@jest/globals';
import { Play } from '../../tools/demo/play.js';
import { whyNoPython } from '../../tools/demo/python.js';
import { also } from '../../tools/demo/stories/also.js';
import { databaseStory } from '../../tools/demo/stories/database.js';
import { incidentStory } from '../../tools/demo/stories/incident.js';
import { paymentStory } from '../../tools/demo/stories/payment.js';
import { pythonScenes } from '../../tools/demo/stories/python.js';
import { sharingStory } from '../../tools/demo/stories/sharing.js';
import { tellAgentsApart } from './agents-apart.js';
import { playScenes, stageForThisFile } from './demo-stage.js';

const staged = stageForThisFile();

tellAgentsApart(staged);
playScenes('story 1, a database change', databaseStory, { stage: () => staged.stage });
playScenes('story 2, sharing data', sharingStory, { stage: () => staged.stage });
playScenes('story 3, a payment', paymentStory, { stage: () => staged.stage });
playScenes('story 3, a payment', pythonScenes, { stage: () => staged.stage, lacks: whyNoPython() });
playScenes('story 4, an incident', incidentStory, { stage: () => staged.stage });
playScenes('what must not work, and what becomes of it', also, { stage: () => staged.stage });

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
