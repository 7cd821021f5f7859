import { Injectable } from '@nestjs/common';
import { acceptance, verdict, type VerdictEvidence } from '#contracts';
import { Trust } from '#trust';
import { believe, type Believed } from '../core/belief.js';

/** Verifies what policy sent: its own verdict and intake's acceptance. */
@Injectable()
export class ReadEvidence {
  constructor(private readonly trust: Trust) {}

  read(
    data: { action_id: string; agent_id: string; evidence: VerdictEvidence },
    outcome: 'allow' | 'require_approval',
  ): Believed {
    const { request, facts } = data.evidence;
    const accepted = this.trust.verify(request.acceptance, {
      purpose: 'acceptance',
      service: 'intake',
      schema: acceptance,
    });
    const judged = this.trust.verify(data.evidence.verdict, { purpose: 'verdict', service: 'policy', schema: verdict });
    return believe(
      {
        actionId: data.action_id,
        agentId: data.agent_id,
        value: request.value,
        facts,
        acceptance: accepted.ok ? accepted.payload : undefined,
        verdict: judged.ok ? judged.payload : undefined,
      },
      outcome,
    );
  }
}
