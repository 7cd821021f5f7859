import { Injectable } from '@nestjs/common';
import type { Verdict } from '#contracts';
import { Log } from '#platform';
import { gather, type Counters } from '../core/gather.js';
import type { Question } from '../core/question.js';
import type { Registry } from '../core/registry.js';
import { judge, type Judged } from '../core/verdict.js';
import { Evidence } from './evidence.js';
import { PolicyRuntime } from './policy-runtime.js';
import { SqlParser } from './sql-parser.js';

export interface Hearing {
  registry: Registry;
  counters: Counters;
  purpose: Verdict['purpose'];
  /** The database's clock. */
  now: Date;
  decidedAt: Date;
}

/** One question through facts, rules and verdict: in memory, no waiting. */
@Injectable()
export class Decider {
  constructor(
    private readonly parser: SqlParser,
    private readonly evidence: Evidence,
    private readonly rules: PolicyRuntime,
    private readonly log: Log,
  ) {}

  decide(question: Question, { registry, counters, purpose, now, decidedAt }: Hearing): Judged {
    const { engine } = this.rules;
    const statementFacts = this.parser.facts.bind(this.parser);
    const gathered = gather(question, { registry, now, counters, statementFacts });
    const { catalogue, config, digest: bundleDigest } = engine.bundle;
    const about = { gate: this.evidence.gate, purpose, registry, now, decidedAt };
    const bench = { ...about, catalogue, secrets: config.secrets, bundleDigest };
    if (!gathered.ok) return judge(question, gathered, undefined, bench);
    const evaluated = engine.evaluate(gathered.input);
    if (!evaluated.ok) {
      const { why, detail } = evaluated;
      this.log.error('policy.engine_error', { action_id: question.actionId, agent_id: question.agentId, why, detail });
    }
    return judge(question, gathered, evaluated.ok ? evaluated.decision : undefined, bench);
  }
}
