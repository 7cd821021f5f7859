import { it } from '@jest/globals';
import { writeFileSync, mkdirSync } from 'node:fs';
import { showApproval } from '../../apps/cli/src/core/show-approval.js';
import { stories, StoryWorld } from './cli-stories.js';
it('w', async () => {
  const world = await StoryWorld.open();
  mkdirSync('test/contract/cli', { recursive: true });
  for (const [name, { agent, asked }] of Object.entries(stories)) writeFileSync(`test/contract/cli/${name}.txt`, showApproval(world.answerTo(agent, asked)));
});
