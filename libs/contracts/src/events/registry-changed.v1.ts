import { z } from 'zod';
import { defineEvent } from '../event.js';
import { compactJws, entryId } from '../ids.js';
import { registryKind } from '../registry/kinds.js';
import { topics } from '../topics.js';

export const registryChanged = defineEvent({
  type: 'sallyport.registry.changed.v1',
  topic: topics.registry,
  emitted: 'an entry has a new version; the signed entry is the full state, a deletion included.',
  data: z.object({ kind: registryKind, id: entryId, version: z.int().positive(), entry: compactJws }),
});
