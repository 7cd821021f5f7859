import { Injectable } from '@nestjs/common';
import {
  requestValue,
  verdict as verdictSchema,
  type DeniedCode,
  type Verdict,
  type VerdictEvidence,
} from '#contracts';
import { Fault } from '#platform';
import { digestOf, Trust } from '#trust';
import { shownOf } from '../core/belief.js';
import { planned, type Opening } from '../core/opening.js';
import { rejudge } from '../core/rejudge.js';
import { PolicyDoor } from '../io/policy-door.js';
import { RegistryFacts, versionKey } from '../io/registry-facts.js';
import type { LoadedCase } from './load-case.js';
import type { Shown } from './new-approval.js';

export interface Replacement {
  opening: Opening & { kind: 'open' };
  evidence: VerdictEvidence;
  shown: Shown;
}

export type JudgedAgain =
  { kind: 'stands' } | { kind: 'denied'; code: DeniedCode; reasons: string[] } | ({ kind: 'replaced' } & Replacement);

/** The plan in force, and the evidence that it stands on. */
export type ToJudge = Pick<LoadedCase, 'plan' | 'row'>;

/** Asks policy again: before an approving vote counts, and where a stage waits for people who are not there. */
@Injectable()
export class JudgeAgain {
  constructor(
    private readonly policy: PolicyDoor,
    private readonly trust: Trust,
    private readonly registry: RegistryFacts,
  ) {}

  /** Throws a retryable Fault when policy does not answer, or answers what does not hold: no vote counts on a guess. */
  async ask(loaded: ToJudge): Promise<JudgedAgain> {
    const { plan, row } = loaded;
    const answer = await this.policy.judge(row.request);
    const evidence = { request: row.request, verdict: answer.verdict, facts: answer.facts };
    const verdict = this.verified(loaded, evidence);
    const what = rejudge(plan, verdict);
    if (what === 'stands') return { kind: 'stands' };
    if (what === 'denied') return { kind: 'denied', code: 'policy_denied', reasons: reasonsOf(verdict) };
    return this.replaced(loaded, verdict, evidence);
  }

  private verified({ row }: ToJudge, { facts, verdict }: VerdictEvidence): Verdict {
    const read = this.trust.verify(verdict, { purpose: 'verdict', service: 'policy', schema: verdictSchema });
    const holds =
      read.ok &&
      read.payload.purpose === 'vote' &&
      read.payload.action_id === row.actionId &&
      read.payload.action_digest === row.actionDigest &&
      read.payload.agent.id === row.agentId &&
      read.payload.facts_digest === digestOf(facts);
    if (holds) return read.payload;
    throw new Fault('policy_unavailable', { retryable: true, message: 'the judgement does not hold' });
  }

  private async replaced({ row }: ToJudge, verdict: Verdict, evidence: VerdictEvidence): Promise<JudgedAgain> {
    const request = requestValue.parse(JSON.parse(row.request.value));
    const opening = planned(request, verdict, this.registry);
    if (opening.kind === 'ended')
      return { kind: 'denied', code: deniedCodeOf(opening), reasons: [opening.ending.code] };
    const agent = (await this.registry.agentsAt([verdict.agent])).get(versionKey(verdict.agent));
    const actionType = this.registry.known('action-types', request.action.name);
    const input = { verdict, facts: evidence.facts, request: row.request, actionType };
    const view = agent && shownOf({ ...input, agent });
    if (agent === undefined || view === undefined) {
      throw new Fault('policy_unavailable', { retryable: true, message: 'the judgement cannot be shown' });
    }
    return { kind: 'replaced', opening, evidence, shown: { headline: view.headline, agent, actionType } };
  }
}

function deniedCodeOf({ ending }: Opening & { kind: 'ended' }): DeniedCode {
  return ending.state === 'denied' ? ending.code : 'policy_unsatisfiable';
}

function reasonsOf(verdict: Verdict): string[] {
  const denials = verdict.findings.filter(({ effect }) => effect === 'deny').map(({ code }) => code);
  return denials.length === 0 ? [verdict.code] : [...new Set(denials)];
}
