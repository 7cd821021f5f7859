import { Injectable } from '@nestjs/common';
import { verdict, type Verdict } from '#contracts';
import { Trust } from '#trust';
import { audienceOf, namesSomebody, type Audience } from '../core/audience.js';
import { agentOf, evidenceIn, type Event } from '../core/heard.js';

/** Who is told, read from the signed verdict alone: what stands beside it in an event proves nothing. */
@Injectable()
export class Audiences {
  constructor(private readonly trust: Trust) {}

  of(event: Event & { subject: string }): Audience | undefined {
    const evidence = evidenceIn(event);
    if (evidence === undefined) return undefined;
    const verified = this.trust.verify(evidence.verdict, { purpose: 'verdict', service: 'policy', schema: verdict });
    if (!verified.ok || !isAbout(verified.payload, event)) return undefined;
    if (!namesSomebody(verified.payload)) return undefined;
    return audienceOf(verified.payload, evidence.request.value);
  }
}

/** A true verdict about another action or agent, copied into this event, says nothing here. */
function isAbout({ action_id, agent }: Verdict, event: Event & { subject: string }): boolean {
  return action_id === event.subject && agent.id === agentOf(event);
}
