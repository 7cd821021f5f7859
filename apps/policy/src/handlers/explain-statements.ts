import { Injectable } from '@nestjs/common';
import type { RequestEvidence } from '#contracts';
import { statementTextOf } from '../core/attributes.js';
import { brokeredAt, explained } from '../core/explanation.js';
import type { Question } from '../core/question.js';
import type { Judged } from '../core/verdict.js';
import { CredentialsDoor } from '../io/credentials-door.js';
import { RegistryView } from '../io/registry-view.js';
import { SqlParser } from '../io/sql-parser.js';

/** What people are shown of a statement that the gate would run itself: the target's own plan, made and not run. Or why there is none. */
@Injectable()
export class ExplainStatements {
  constructor(
    private readonly parser: SqlParser,
    private readonly registry: RegistryView,
    private readonly credentials: CredentialsDoor,
  ) {}

  /** After the rules, so that a target hears only of what they let people decide. */
  async add(judged: Judged, { request }: Question, evidence: RequestEvidence): Promise<Judged> {
    const target = brokeredAt(judged, this.registry.get('profiles', request.requested_access.profile));
    const sql = statementTextOf(request);
    if (target === undefined || sql === undefined) return judged;
    const why = this.parser.whyNotAsked(sql);
    if (why !== undefined) return explained(judged, { explained: false, why }, 'parser:postgresql');
    return explained(judged, await this.credentials.explain(target, evidence), `target:${target}`);
  }
}
