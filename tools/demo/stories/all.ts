import type { Scene } from '../play.js';
import { also } from './also.js';
import { brokeredStory } from './brokered.js';
import { databaseStory } from './database.js';
import { incidentStory } from './incident.js';
import { paymentStory } from './payment.js';
import { sharingStory } from './sharing.js';

/** In the order in which the demo plays them. */
export const allScenes: readonly Scene[] = [
  ...databaseStory,
  ...brokeredStory,
  ...sharingStory,
  ...paymentStory,
  ...incidentStory,
  ...also,
];
