import type { LookupAnswer, lookupBody } from '#contracts';
import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { LookupStore } from '../io/lookup.store.js';

/** For services, where "now" matters. The answer is as the registry signed it: whoever asks verifies it again. */
@Injectable()
export class LookUp {
  constructor(private readonly store: LookupStore) {}

  async handle({ entries, kids }: z.infer<typeof lookupBody>): Promise<LookupAnswer> {
    const [found, holders] = await Promise.all([this.store.entries(entries), this.store.holders(kids)]);
    return { entries: found, kids: holders };
  }
}
