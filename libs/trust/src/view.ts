import { z } from 'zod';
import {
  agentUrn, requestValue, type DecisionView, type Facts, type Known, type RequestEvidence, type RequestValue,
  type Verdict,
} from '#contracts'; // prettier-ignore
import { actionDigest, digestOf } from './canonical.js';
import { headlineOf } from './headline.js';
import { fromBase64url } from './jws.js';
import { planDigest } from './plan.js';
import { parseStrict, type JsonValue } from './strict-json.js';

export interface ViewInput {
  /** Verified, outcome `require_approval`. */
  verdict: Verdict;
  /** Those whose digest stands in the verdict. */
  facts: Facts;
  request: RequestEvidence;
  /** The agent at the version that the verdict names. */
  agent: Known<'agents'>;
  /** Absent when the action name is not registered: then the action is shown as uninspectable. */
  actionType: Known<'action-types'> | undefined;
  variant: ViewVariant;
}

/** `full` shows everything; there is no other yet, and the name is part of what is digested and signed. */
export type ViewVariant = 'full';

/**
 * What a person decides on, built by the gate from the frozen bytes and from facts, and from nothing else. Whoever has
 * the same evidence builds the same view and the same digest. Throws a TypeError when the pieces do not belong
 * together (bytes, facts or plan of something else): then nothing may be shown at all.
 */
export function viewOf(input: ViewInput): DecisionView {
  const { verdict, request, agent, actionType, variant } = input;
  const { plan, grant } = verdict;
  if (plan === undefined || grant === undefined) throw new TypeError('a view needs a plan and a grant');
  const { raw, value } = readFrozen(verdict, request);
  assertBelongs(input);
  return {
    version: 'sallyport.view/1',
    variant,
    action_id: verdict.action_id,
    action_digest: verdict.action_digest,
    plan_digest: planDigest(plan),
    headline: headlineOf(value, agent, actionType),
    agent: agentPart(value, agent, request),
    action: { name: value.action.name, properties: raw.properties, inspectable: actionType !== undefined },
    resource: { type: value.resource.type, id: value.resource.id },
    exact: request.value,
    access: {
      profile: grant.profile.id,
      profile_version: grant.profile.version,
      ttl_seconds: grant.ttl_seconds,
      uses: grant.uses,
    },
    facts: factsPart(input.facts),
    findings: verdict.findings,
    stages: plan.stages,
    ...(plan.veto && { veto: plan.veto }),
    excluded: plan.excluded,
    ...(plan.step_up && { step_up: true as const }),
    unverified: { label: 'Written by the agent, not verified', context: raw.claims },
  };
}

/** What a vote names as `view_digest`. */
export function viewDigest(view: DecisionView): string {
  return digestOf(view);
}

interface Frozen {
  value: RequestValue;
  /** Straight from the bytes, not through a schema: what is shown is what was signed. */
  raw: { properties: Record<string, JsonValue>; claims: Record<string, JsonValue> };
}

function readFrozen(verdict: Verdict, request: RequestEvidence): Frozen {
  const parsed = parseStrict(Buffer.from(request.value, 'utf8'));
  if (!parsed.ok) throw new TypeError(`frozen bytes do not parse: ${parsed.code}`);
  const digest = actionDigest({ id: verdict.action_id, source: agentUrn(verdict.agent.id), data: parsed.value });
  if (digest !== verdict.action_digest) throw new TypeError('frozen bytes are of another action');
  const value = requestValue.parse(parsed.value);
  const top = parsed.value as Record<'action' | 'resource' | 'context', Record<string, JsonValue>>;
  const claimed = top.resource['properties'];
  const claims = claimed === undefined ? top.context : { ...top.context, 'resource.properties': claimed };
  return { value, raw: { properties: top.action['properties'] as Record<string, JsonValue>, claims } };
}

function assertBelongs({ verdict, facts, agent }: ViewInput): void {
  if (digestOf(facts) !== verdict.facts_digest) throw new TypeError('facts are not those of the verdict');
  if (agent.id !== verdict.agent.id || agent.version !== verdict.agent.version) {
    throw new TypeError('agent is not the one of the verdict');
  }
}

function agentPart(value: RequestValue, agent: Known<'agents'>, request: RequestEvidence): DecisionView['agent'] {
  const principal = value.context.on_behalf_of;
  return {
    id: agent.id,
    version: agent.version,
    owner: agent.spec.owner,
    proof: proofText(request.signature),
    ...(principal && { on_behalf_of: `${principal.sub} at ${principal.iss}` }),
  };
}

const proofHeader = z.looseObject({ alg: z.string(), kid: z.string() });

/** How the agent was proven. The signature was verified long before; here its header is only read. */
function proofText(signature: string): string {
  const header = fromBase64url(signature.slice(0, signature.indexOf('.')));
  const parsed = header && parseStrict(header);
  const { alg, kid } = proofHeader.parse(parsed?.ok === true ? parsed.value : undefined);
  return `signed with ${alg} key ${kid}`;
}

function factsPart(facts: Facts): DecisionView['facts'] {
  const names = Object.keys(facts).sort();
  return names.flatMap((name) => {
    const fact = facts[name];
    return fact === undefined ? [] : [{ name, value: fact.value, source: fact.source, at: fact.at }];
  });
}
