import { CatchUp, RegistryCopy } from '#facts';
import { Injectable } from '@nestjs/common';
import type { Ask } from '../core/ask.js';
import { authenticate, isProven, type Unproven } from '../core/authenticate.js';
import { judgeRequest, type Judged, type Unknown } from '../core/judge-request.js';
import type { Proven, Settled } from '../core/settle.js';
import { ActionSchemas } from '../io/action-schemas.js';

/** What the registry says, and how this service learns what it does not know yet. */
@Injectable()
export class ConsultRegistry {
  constructor(
    private readonly copy: RegistryCopy,
    private readonly catchUp: CatchUp,
    private readonly schemas: ActionSchemas,
  ) {}

  /** Keys that nobody is known for are asked for once for the whole slice; what then is still unknown is nobody's. */
  async authenticate(asks: readonly Ask[], aud: string): Promise<(Proven | Unproven)[]> {
    const door = { aud, holderOf: (kid: string) => this.copy.agentByKid(kid) };
    const checked = asks.map((ask) => authenticate(ask, door));
    const kids = checked.flatMap((one) => (isProven(one) || one.kid === undefined ? [] : [one.kid]));
    if (kids.length === 0) return checked;
    await this.catchUp.learn({ kids });
    return checked.map((one) => (!isProven(one) && one.kid !== undefined ? authenticate(one.ask, door) : one));
  }

  /** True when the registry had something that this copy had not: then the slice is judged again. */
  async learn(settled: readonly Settled[]): Promise<boolean> {
    const missing = settled.flatMap(unknownOf).filter(({ kind, id }) => this.copy.versionOf(kind, id) === 0);
    if (missing.length === 0) return false;
    await this.catchUp.learn({ entries: missing.map(({ kind, id }) => ({ kind, id, version: 1 })) });
    return missing.some(({ kind, id }) => this.copy.versionOf(kind, id) > 0);
  }

  judge({ ask, header, agent }: Proven, now: Date): Judged {
    return judgeRequest(ask.bytes, header.ce, {
      agent,
      now,
      differs: (action, properties) => this.schemas.differs(action, properties),
      summaries: (action) => this.schemas.summaries(action),
      personOf: (iss, sub) => this.copy.personByIdentity(iss, sub)?.id,
    });
  }
}

const unknownOf = (settled: Settled): readonly Unknown[] =>
  settled.kind === 'new' ? (settled.candidate.judged.refusal?.unknown ?? []) : [];
