import { databaseStory } from '../../tools/demo/stories/database.js';
import { playScenes, stageForThisFile } from './demo-stage.js';

const staged = stageForThisFile();

playScenes('story 1, a database change', databaseStory, { stage: () => staged.stage });
