import { z } from 'zod';
import { defineEvent } from '../event.js';
import { killPart } from '../http/kill-switch.js';
import { entryId, instant, uuidv7 } from '../ids.js';
import { topics } from '../topics.js';

const change = {
  pull_id: uuidv7,
  /** Grows with every pull, whatever its scope. */
  epoch: z.int().positive(),
  /** `release_asked`: by the first of two people; it is in force until `released`. */
  state: z.enum(['pulled', 'release_asked', 'released']),
  /** Who did this, and in which words. */
  by: entryId,
  reason: z.string().max(4_096),
  at: instant,
};

export const killSwitchChanged = defineEvent({
  type: 'sallyport.killswitch.changed.v1',
  topic: topics.leases,
  emitted:
    'a pull of the kill switch was committed, or somebody has asked for its release, or it was released. What it ends is said lease by lease.',
  data: z.discriminatedUnion('scope', [
    z.object({ ...change, scope: z.literal('global') }),
    z.object({ ...change, scope: killPart, scope_id: entryId }),
  ]),
});
