import { z } from 'zod';
import {
  agentUrn, requestValue, type DecisionView, type Facts, type Known, type RequestEvidence, type RequestValue,
  type Verdict,
} from '#contracts'; // prettier-ignore
import { actionDigest, canonical, digestOf, digestOfBytes } from './canonical.js';
import { headlineOf } from './headline.js';
import { fromBase64url } from './jws.js';
import { planDigest } from './plan.js';
import { maskedText, type ViewVariant } from './secrets.js';
import { parseStrict, type JsonValue } from './strict-json.js';
import { shownProperties, type ShownProperties } from './summaries.js';

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

/**
 * What a person decides on, built by the gate from the frozen bytes and from facts, and from nothing else. Whoever has
 * the same evidence builds the same view and the same digest. Throws a TypeError when the pieces do not belong
 * together (bytes, facts or plan of something else): then nothing may be shown at all.
 */
export function viewOf(input: ViewInput): DecisionView {
  const { verdict, request, agent, actionType, variant } = input;
  const { plan, grant } = verdict;
  if (plan === undefined || grant === undefined) throw new TypeError('a view needs a plan and a grant');
  const { raw, text, value } = readFrozen(verdict, request, variant);
  assertBelongs(input);
  const shown = shownProperties(raw.properties, actionType?.spec.summaries);
  return {
    version: 'sallyport.view/1',
    variant,
    action_id: verdict.action_id,
    action_digest: verdict.action_digest,
    plan_digest: planDigest(plan),
    headline: headlineOf(value, agent, actionType),
    agent: agentPart(value, agent, request),
    action: actionPart(value.action.name, shown, actionType),
    ...(plan.secrets && { secrets: { names: plan.secrets.names, are: variant === 'full' ? 'shown' : variant } }),
    resource: { type: value.resource.type, id: value.resource.id },
    exact: textWith(text, shown),
    access: {
      profile: grant.profile.id,
      profile_version: grant.profile.version,
      ttl_seconds: grant.ttl_seconds,
      uses: grant.uses,
    },
    facts: factsPart(input.facts),
    findings: verdict.findings,
    stages: plan.stages,
    ...(plan.parallel && { parallel: plan.parallel }),
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
  /** What was signed, or that text with its secrets hidden. */
  text: string;
  value: RequestValue;
  /** Straight from the bytes, not through a schema: what is shown is what was signed. */
  raw: { properties: Record<string, JsonValue>; claims: Record<string, JsonValue> };
}

function readFrozen(verdict: Verdict, request: RequestEvidence, variant: ViewVariant): Frozen {
  const { text, data } = readText(verdict, request, variant);
  const value = requestValue.parse(data);
  const top = data as Record<'action' | 'resource' | 'context', Record<string, JsonValue>>;
  const claimed = top.resource['properties'];
  const claims = claimed === undefined ? top.context : { ...top.context, 'resource.properties': claimed };
  return { text, value, raw: { properties: top.action['properties'] as Record<string, JsonValue>, claims } };
}

/**
 * The frozen bytes; or the text in which their secrets are hidden, made from them here or given by somebody else. In both
 * cases it must be the text whose digest policy signed: whoever is shown less is shown what stands for this action.
 */
function readText(verdict: Verdict, request: RequestEvidence, variant: ViewVariant): { text: string; data: JsonValue } {
  const data = parse(request.value);
  const isFrozen = isFrozenIn(verdict, data);
  if (variant === 'full') {
    if (!isFrozen) throw new TypeError('frozen bytes are of another action');
    return { text: request.value, data };
  }
  const { secrets } = verdict.plan ?? {};
  if (secrets === undefined) throw new TypeError('nothing is secret here');
  const text = isFrozen ? maskedText(Object(data) as object, secrets, variant) : request.value;
  if (digestOfBytes(text) !== secrets.texts[variant]) throw new TypeError('a text that policy did not sign');
  return { text, data: parse(text) };
}

/** All that a variant of the view is made from: whoever has it makes the same view. Throws as `viewOf` does. */
export function textShown({ request, variant, verdict }: Pick<ViewInput, 'request' | 'variant' | 'verdict'>): string {
  return readText(verdict, request, variant).text;
}

function parse(text: string): JsonValue {
  const parsed = parseStrict(Buffer.from(text, 'utf8'));
  if (!parsed.ok) throw new TypeError(`frozen bytes do not parse: ${parsed.code}`);
  return parsed.value;
}

/** True when this is the action of the verdict, to the letter. */
function isFrozenIn({ action_digest, action_id, agent }: Verdict, data: JsonValue): boolean {
  return actionDigest({ id: action_id, source: agentUrn(agent.id), data }) === action_digest;
}

/** Which view of this verdict a text is for. Whether it belongs to it, `viewOf` says. */
export function variantOfText(verdict: Verdict, text: string): ViewVariant {
  const { texts } = verdict.plan?.secrets ?? {};
  const digest = digestOfBytes(text);
  if (texts !== undefined && digest === texts.masked) return 'masked';
  return texts !== undefined && digest === texts.digest ? 'digest' : 'full';
}

function assertBelongs({ verdict, facts, agent }: ViewInput): void {
  if (digestOf(facts) !== verdict.facts_digest) throw new TypeError('facts are not those of the verdict');
  if (agent.id !== verdict.agent.id || agent.version !== verdict.agent.version) {
    throw new TypeError('agent is not the one of the verdict');
  }
}

function actionPart(
  name: string,
  { properties, summaries }: ShownProperties,
  actionType: ViewInput['actionType'],
): DecisionView['action'] {
  const inspectable = actionType !== undefined;
  return { name, properties, inspectable, ...(summaries.length > 0 && { summaries }) };
}

/** The text as it is; or, where a value is summed up, with its digest in its place: a text that nobody reads to the end hides the rest. */
function textWith(text: string, { summaries }: ShownProperties): string {
  if (summaries.length === 0) return text;
  const { action, ...rest } = parse(text) as Record<'action', Record<'properties', JsonValue>>;
  const digests = Object.fromEntries(summaries.map(({ digest, property }) => [property, digest]));
  const properties = { ...(action.properties as Record<string, JsonValue>), ...digests };
  return canonical({ ...rest, action: { ...action, properties } });
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
