import { Injectable } from '@nestjs/common';
import { isRetryable } from '#platform';
import { partiesOf, Trust, waitsInVain } from '#trust';
import { CaseStore, type CaseRow } from '../io/case.store.js';
import { RegistryFacts } from '../io/registry-facts.js';
import { JudgeAgain, type JudgedAgain, type ToJudge } from './judge-again.js';
import { readJudged } from './load-case.js';

/** Policy's copy of the registry lags no longer than this. Milliseconds. */
const longestLag = 30_000;

export type InVain =
  | { kind: 'again' | 'nothing' }
  /** Policy signs something else by now. */
  | { kind: 'answered'; row: CaseRow; judged: Exclude<JudgedAgain, { kind: 'stands' }> };

/** Asks policy again about an open plan whose stage waits out its seconds for people who are not there. */
@Injectable()
export class JudgeInVain {
  constructor(
    private readonly cases: CaseStore,
    private readonly trust: Trust,
    private readonly registry: RegistryFacts,
    private readonly policy: JudgeAgain,
  ) {}

  /** `again`: while a service is silent, and while policy may not have heard yet what the registry says. */
  async ask(actionId: string): Promise<InVain> {
    const row = await this.cases.read(actionId, '');
    const plan = row && readJudged(this.trust, row.verdict)?.plan;
    if (row?.state !== 'open' || plan === undefined) return { kind: 'nothing' };
    try {
      return await this.about({ plan, row });
    } catch (error) {
      if (isRetryable(error)) return { kind: 'again' };
      throw error;
    }
  }

  /** By the registry itself: the copy may lag behind a group that was just filled. */
  private async about({ plan, row }: ToJudge): Promise<InVain> {
    const { toldOf } = await this.registry.askedNow(partiesOf(plan));
    if (!waitsInVain(plan, toldOf)) return { kind: 'nothing' };
    const judged = await this.policy.ask({ plan, row });
    if (judged.kind !== 'stands') return { kind: 'answered', row, judged };
    return { kind: row.now.getTime() - row.openedAt.getTime() > longestLag ? 'nothing' : 'again' };
  }
}
