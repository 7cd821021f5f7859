import type { Known } from '#contracts';
import { Callers } from '#trust/http';
import { Injectable } from '@nestjs/common';
import { CallersStore } from './callers.store.js';

/** People as the registry's own tables have them now. No key of an agent or a tool opens a door here. */
@Injectable()
export class RegisteredCallers extends Callers {
  constructor(private readonly store: CallersStore) {
    super();
  }

  override byKey(): undefined {
    return undefined;
  }

  override byIdentity(iss: string, sub: string): Promise<Known<'people'> | undefined> {
    return this.store.byIdentity(iss, sub);
  }
}
