import { sharingStory } from '../../tools/demo/stories/sharing.js';
import { playScenes, stageForThisFile } from './demo-stage.js';

const staged = stageForThisFile();

playScenes('story 2, sharing data', sharingStory, { stage: () => staged.stage });
