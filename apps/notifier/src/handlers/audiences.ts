import { Injectable } from '@nestjs/common';
import { verdict } from '#contracts';
import { Trust } from '#trust';
import { audienceOf, type Audience } from '../core/audience.js';
import { evidenceIn, type Event } from '../core/heard.js';

/** Who is told, read from the signed verdict alone: what stands beside it in an event proves nothing. */
@Injectable()
export class Audiences {
  constructor(private readonly trust: Trust) {}

  of(event: Event & { subject: string }): Audience | undefined {
    const evidence = evidenceIn(event);
    if (evidence === undefined) return undefined;
    const verified = this.trust.verify(evidence.verdict, { purpose: 'verdict', service: 'policy', schema: verdict });
    if (!verified.ok || verified.payload.action_id !== event.subject) return undefined;
    const { plan, obligations } = verified.payload;
    if (plan === undefined && obligations.notify.length === 0 && obligations.review === undefined) return undefined;
    return audienceOf(verified.payload, evidence.request.value);
  }
}
