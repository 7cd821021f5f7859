import { also } from '../../tools/demo/stories/also.js';
import { playScenes, stageForThisFile } from './demo-stage.js';

const staged = stageForThisFile();

playScenes('what must not work, and what becomes of it', also, { stage: () => staged.stage });
