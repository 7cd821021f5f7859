import { agent, ProblemError, type Agent } from '#contracts';
import { Database } from '#database';
import { Injectable } from '@nestjs/common';
import { mayResume, maySuspend } from '../core/authority.js';
import { EntriesStore, type StoredEntry } from '../io/entries.store.js';
import { FindCaller, type Claimant } from './find-caller.js';
import { RecordVersion } from './record-version.js';

export interface SwitchAgentCall {
  caller: Claimant;
  id: string;
  to: Agent['state'];
  /** Kept beside the version, for auditors. */
  reason: string;
}

/** Suspends or resumes whatever version is current: whoever stops an agent must not lose a race against an edit. */
@Injectable()
export class SwitchAgent {
  constructor(
    private readonly database: Database,
    private readonly callers: FindCaller,
    private readonly entries: EntriesStore,
    private readonly record: RecordVersion,
  ) {}

  async handle({ caller, id, to, reason }: SwitchAgentCall): Promise<StoredEntry> {
    return this.database.transaction(async (tx) => {
      const at = await this.entries.lock(tx);
      const known = await this.callers.now(caller, tx);
      const by = this.callers.allow(to === 'suspended' ? maySuspend(known) : mayResume(known));
      const [current] = await this.entries.load([{ kind: 'agents', id }], tx);
      if (current === undefined || current.deleted) throw new ProblemError('not_found');
      const spec = agent.parse(current.spec);
      if (spec.state === to) return current;
      const change = { kind: 'agents' as const, id, current, spec: { ...spec, state: to }, by, at, reason };
      const [entry] = await this.record.handle([change], tx);
      if (entry === undefined) throw new Error('a recorded change has an entry');
      return entry;
    });
  }
}
