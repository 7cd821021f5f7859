import { readFileSync } from 'node:fs';
import {
  agentUrn, requestValue, specs, type ApprovalAnswer, type EntryDocument, type EvidenceAnswer, type Known, type RequestValue,
} from '#contracts'; // prettier-ignore
import { RegistryCopy, type CopyEntry } from '#facts';
import { actionDigest, requestAttributes, signingKey, signRequest, stageText, viewDigest, viewOf } from '#trust';
import type { Asked } from '#sdk';
import { gather } from '../../apps/policy/src/core/gather.js';
import type { Question } from '../../apps/policy/src/core/question.js';
import { judge } from '../../apps/policy/src/core/verdict.js';
import { openBundle } from '../../apps/policy/src/io/bundle.js';
import { PolicyEngine } from '../../apps/policy/src/io/policy-engine.js';
import { RegistryView } from '../../apps/policy/src/io/registry-view.js';
import { SqlParser } from '../../apps/policy/src/io/sql-parser.js';
import { documentsOf, times } from '../../tools/demo/registry-documents.js';
import { migrate, quarantine, refund, share } from '../../tools/demo/requests.js';
import { bundleFile } from '../../tools/policies/place.js';
import { signEntry, type TestGate } from '../support/gate.js';

/** The moment at which everything in these stories happens. */
export const storyTime = '2026-11-21T22:30:00.000Z';
const registeredAt = '2026-11-20T08:00:00.000Z';
export const gateId = 'gate.tern.example';

/** The example key of RFC 8037, appendix A: one that everybody knows, so that the golden texts hold for ever. */
const agentKey = signingKey({
  kty: 'OKP',
  crv: 'Ed25519',
  d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
});

/** What the demo's agents ask of people, by the name of the golden text. Each asks with everything that it can say. */
export const stories = {
  'database-change': { agent: 'migrator-1', asked: migration() },
  'data-sharing': { agent: 'sharer-1', asked: share() },
  refund: { agent: 'refunder-1', asked: refund(250_000) },
  quarantine: { agent: 'defender-1', asked: quarantine('workloads/web-7', 'INC-77') },
} as const satisfies Record<string, { agent: string; asked: Asked }>;
export type Story = keyof typeof stories;

function migration(): Asked {
  const change = { ticket: 'CHG-1042', rollback_plan: 'ALTER TABLE orders DROP COLUMN note', window_id: 'cw-today' };
  return migrate({ column: 'note', change });
}

/** The demo's agents, people, resources and rules; time, keys and addresses stand still. */
export class StoryWorld {
  private readonly copy = new RegistryCopy();
  private readonly registry = new RegistryView(this.copy);
  private readonly engine = new PolicyEngine(openBundle(readFileSync(bundleFile)));
  private readonly sql = new SqlParser();

  private constructor() {
    const address = 'https://tools.tern.example';
    const keys = { keys: [{ kty: 'OKP', crv: 'Ed25519', x: agentKey.jwk.x, kid: agentKey.kid, use: 'sig' }] };
    const names = ['migrator-1', 'stager-1', 'sharer-1', 'refunder-1', 'defender-1'];
    const words = {
      ...times(Date.parse(storyTime)), 'target-port': 5432, issuer: 'https://idp.tern.example',
      'payment-url': address, 'sharing-url': address, 'quarantine-url': address,
      'payment-keys': keys, 'sharing-keys': keys, 'quarantine-keys': keys,
      ...Object.fromEntries(names.map((name) => [`keys-of-${name}`, keys])),
    }; // prettier-ignore
    const files = ['people.yaml', 'gate.yaml', 'agents.yaml'].flatMap((file) => documentsOf(file, words));
    this.copy.take(files.map(entryOf));
    this.copy.take([declaredIncident()]);
  }

  static async open(): Promise<StoryWorld> {
    const world = new StoryWorld();
    await world.sql.onModuleInit();
    return world;
  }

  /** What `GET /v1/approvals/{id}` answers about this request as soon as it waits. */
  answerTo(agentId: string, asked: Asked): ApprovalAnswer {
    const { actionType, agent, facts, signature, text, verdict } = this.judged(agentId, asked);
    const request = { value: text, signature, acceptance: '' };
    const view = viewOf({ verdict, facts, agent, variant: 'full', request, actionType });
    const stages = view.stages.map((one) => ({
      stage: one.stage,
      group: stageText(one),
      quorum: one.quorum,
      approved: 0,
    }));
    const deadline_at = verdict.plan?.deadline_at ?? '';
    const history = [{ at: storyTime, what: 'opened' }];
    return {
      decision: view,
      view_digest: viewDigest(view),
      progress: { state: 'open', stage: 1, deadline_at, stages, history },
    };
  }

  /** What `GET /v1/approvals/{id}/evidence` answers about it, signed with the keys of this gate. */
  evidenceOf(agentId: string, asked: Asked, gate: TestGate): EvidenceAnswer {
    const { actionType, agent, facts, signature, text, verdict } = this.judged(agentId, asked);
    const { action_digest, action_id } = verdict;
    const acceptance = gate.keyring('intake').sign('acceptance', {
      gate: gateId, action_id, action_digest, agent: { id: agent.id, version: agent.version },
      ce: requestAttributes(agentId, action_id), received_at: storyTime,
    }); // prettier-ignore
    const entry = ({ kind, id, spec, version }: Known<'agents'> | Known<'action-types'>): string =>
      signEntry(gate, { kind, id, version, spec });
    return {
      action_id,
      request: { value: text, signature, acceptance },
      verdict: gate.keyring('policy').sign('verdict', verdict),
      facts,
      agent: entry(agent),
      ...(actionType && { action_type: entry(actionType) }),
    };
  }

  private judged(agentId: string, asked: Asked) {
    const value = requestValue.parse({ subject: { type: 'agent', id: agentId }, ...asked });
    const question = questionOf(agentId, value);
    const gathered = gather(question, this.world(value));
    if (!gathered.ok) throw new TypeError(gathered.code);
    const evaluated = this.engine.evaluate(gathered.input);
    const decision = evaluated.ok ? evaluated.decision : undefined;
    const now = new Date(storyTime);
    const bench = {
      gate: gateId, purpose: 'first', registry: this.registry, catalogue: this.engine.bundle.catalogue,
      secrets: this.engine.bundle.config.secrets, bundleDigest: this.engine.bundle.digest, now, decidedAt: now,
    } as const; // prettier-ignore
    const { verdict, facts } = judge(question, gathered, decision, bench);
    const text = JSON.stringify(value);
    const ce = requestAttributes(agentId, question.actionId);
    const signature = signRequest(agentKey, text, { aud: `${gateId}/sallyport.requests.v1`, iat: 1_795_300_200, ce });
    const actionType = this.copy.get('action-types', value.action.name);
    return { verdict, facts, text, signature, agent: gathered.agent, actionType };
  }

  private world(value: RequestValue): Parameters<typeof gather>[1] {
    const isPayment = value.action.name.startsWith('payment.');
    const spend = isPayment ? { spend: { ownMinor: 12_000, peopleMinor: 0 } } : {};
    return {
      registry: this.registry,
      now: new Date(storyTime),
      counters: { velocity: 0, openReviews: [], ...spend },
      statementFacts: (sql) => this.sql.facts(sql),
    };
  }
}

function questionOf(agentId: string, request: RequestValue): Question {
  const actionId = '01938a1e-7c00-7000-8000-000000000001';
  const digest = actionDigest({ id: actionId, source: agentUrn(agentId), data: request });
  return { actionId, agentId, agentVersion: 1, digest, request };
}

function entryOf({ kind, id, spec }: EntryDocument): CopyEntry {
  const by = { version: 1, changed_by: 'rita', changed_at: registeredAt };
  return { kind, id, ...by, spec: specs[kind].parse(spec) } as CopyEntry;
}

/** Too light for the emergency rule: people are asked. */
function declaredIncident(): CopyEntry {
  const spec = {
    severity: 'sev3', playbook: 'contain', actions: ['workload.quarantine'], resources: ['workloads/web-7'],
    ends_at: '2026-11-22T06:00:00.000Z',
  }; // prettier-ignore
  const entry = entryOf({ kind: 'incidents', id: 'INC-77', spec });
  return { ...entry, changed_by: 'sam' };
}
