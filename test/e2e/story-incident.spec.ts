import { incidentStory } from '../../tools/demo/stories/incident.js';
import { playScenes, stageForThisFile } from './demo-stage.js';

const staged = stageForThisFile();

playScenes('story 4, an incident', incidentStory, { stage: () => staged.stage });
