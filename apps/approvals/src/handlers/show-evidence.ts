import { Injectable } from '@nestjs/common';
import type { EvidenceAnswer, Known } from '#contracts';
import { Fault } from '#platform';
import { textShown } from '#trust';
import type { CaseRow } from '../io/case.store.js';
import { RegistryFacts } from '../io/registry-facts.js';
import { VoteStore } from '../io/vote.store.js';
import { LoadCase } from './load-case.js';

/** What the view is rendered from, each part as it was signed: whoever votes renders it once more, without this service. */
@Injectable()
export class ShowEvidence {
  constructor(
    private readonly cases: LoadCase,
    private readonly registry: RegistryFacts,
    private readonly votes: VoteStore,
  ) {}

  /** Throws `not_found` for whoever may not see it; a retryable Fault when the registry does not give the signed entries. */
  async handle(actionId: string, caller: Known<'people'>): Promise<EvidenceAnswer> {
    const { row, variant, verdict: judged } = await this.cases.load(actionId, caller, 'copy');
    const { actionType, agent, facts, verdict } = row;
    // With its secrets hidden where they are hidden from this person; a list that the view sums up stands here whole.
    const request = { ...row.request, value: textShown({ request: row.request, variant, verdict: judged }) };
    const wanted = [agent, ...(actionType ? [actionType] : [])];
    const [agentJws, typeJws] = await this.registry.signedAt(wanted);
    if (agentJws === undefined || (actionType !== undefined && typeJws === undefined)) {
      throw new Fault('registry_unavailable', {
        retryable: true,
        message: 'the registry lacks an entry that was used',
      });
    }
    const type = typeJws === undefined ? {} : { action_type: typeJws };
    return { action_id: actionId, request, verdict, facts, agent: agentJws, ...type, ...(await this.votesOf(row)) };
  }

  /** Of what is decided only: who votes shall not look at the votes of others first. */
  private async votesOf({ actionId, planNo, state }: CaseRow): Promise<Pick<EvidenceAnswer, 'votes'>> {
    if (state !== 'granted') return {};
    return { votes: (await this.votes.ofPlan(actionId, planNo)).map(({ counted }) => counted) };
  }
}
