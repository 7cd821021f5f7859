import { describe, it } from '@jest/globals';
import { Play } from '../../tools/demo/play.js';
import { whyNoPython } from '../../tools/demo/python.js';
import { paymentStory } from '../../tools/demo/stories/payment.js';
import { pythonScenes } from '../../tools/demo/stories/python.js';
import { playScenes, stageForThisFile } from './demo-stage.js';

const staged = stageForThisFile();

playScenes('story 3, a payment', paymentStory, { stage: () => staged.stage });
playScenes('story 3, a payment', pythonScenes, { stage: () => staged.stage, lacks: whyNoPython() });

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
