import type {
  DeniedCode,
  Facts,
  Finding,
  Grant,
  Obligations,
  Plan,
  PolicyConfig,
  PolicyDecision,
  RawFinding,
  Verdict,
  Versioned,
} from '#contracts';
import { digestOf } from '#trust';
import type { Catalogue } from './catalogue.js';
import { exclusionsOf } from './exclusions.js';
import type { Gathered } from './gather.js';
import { grantOf } from './grant.js';
import { planOf } from './plan.js';
import type { Question } from './question.js';
import type { Registry } from './registry.js';
import { claimsFor, secretsOf } from './secrets.js';

export interface Bench {
  gate: string;
  purpose: Verdict['purpose'];
  registry: Registry;
  catalogue: Catalogue;
  /** How much of secret values people are shown. */
  secrets: PolicyConfig['secrets'];
  bundleDigest: string;
  /** The database's clock. */
  now: Date;
  /** When the action was first judged; now, if this is the first time. */
  decidedAt: Date;
}

/** A verdict, and the facts whose digest stands in it. */
export interface Judged {
  verdict: Verdict;
  facts: Facts;
}

type Whole = Extract<Gathered, { ok: true }>;

/** What the rules said about a gathered action. Undefined decision: the engine failed twice. */
export function judge(
  question: Question,
  gathered: Gathered,
  decision: PolicyDecision | undefined,
  bench: Bench,
): Judged {
  if (!gathered.ok) return withoutFacts(question, gathered, bench);
  const agent = { id: gathered.agent.id, version: gathered.agent.version };
  const { facts } = gathered;
  if (decision === undefined) return { verdict: denied({ question, agent, facts, bench }, 'engine_error', []), facts };
  const findings = titled(decision.findings, bench.catalogue);
  const said = { question, agent, facts, bench };
  if (decision.decision === 'deny') return { verdict: denied(said, denialCode(findings), findings), facts };
  return { verdict: passing(said, gathered, decision, findings), facts };
}

interface Said {
  question: Question;
  agent: Versioned;
  facts: Facts;
  bench: Bench;
}

function withoutFacts(question: Question, gathered: Extract<Gathered, { ok: false }>, bench: Bench): Judged {
  const said = { question, agent: { id: question.agentId, version: gathered.agentVersion }, facts: {}, bench };
  if (gathered.code === 'unknown_resource') return { verdict: denied(said, 'unknown_resource', []), facts: {} };
  const finding = {
    rule: 'SCOPE-003',
    effect: 'deny' as const,
    code: gathered.code,
    params: { agent: question.agentId },
  };
  return { verdict: denied(said, 'policy_denied', titled([finding], bench.catalogue)), facts: {} };
}

function passing(said: Said, gathered: Whole, decision: PolicyDecision, findings: Finding[]): Verdict {
  const { request } = said.question;
  const grant = grantOf(request, gathered.profile, decision.obligations);
  if (grant === undefined) return denied(said, 'policy_unsatisfiable', findings);
  const obligations = obligationsOf(decision);
  if (obligations === undefined) return denied(said, 'policy_unsatisfiable', findings);
  if (decision.decision === 'allow') return allowed(said, decision, { grant, obligations, findings });
  const plan = planFor(said, gathered, decision);
  if (plan === undefined) return denied(said, 'policy_unsatisfiable', findings);
  return asking(said, plan, { grant, obligations, findings });
}

function planFor({ bench, question: { request } }: Said, gathered: Whole, decision: PolicyDecision): Plan | undefined {
  const { registry, catalogue, decidedAt, now } = bench;
  const actionType = registry.get('action-types', request.action.name);
  const secrets = secretsOf(request, { resource: gathered.resource, actionType }, bench.secrets);
  return planOf({
    obligations: decision.obligations,
    catalogue,
    claims: claimsFor(request, secrets),
    facts: gathered.facts,
    known: gathered.input,
    registry,
    excluded: exclusionsOf(gathered.agent, request, registry),
    secrets,
    decidedAt,
    now,
  });
}

interface Terms {
  grant: Grant;
  obligations: Obligations;
  findings: Finding[];
}

function allowed(said: Said, { waived }: PolicyDecision, terms: Terms): Verdict {
  const code = waived.length > 0 ? 'emergency_rule' : 'policy_allowed';
  return { ...common(said, allowSeconds), outcome: 'allow', code, ...terms };
}

function asking(said: Said, plan: Plan, terms: Terms): Verdict {
  const deadline = Math.ceil(new Date(plan.deadline_at).getTime() / 1_000);
  const exp = deadline + terms.grant.offer_ttl_seconds;
  return { ...common(said, 0), outcome: 'require_approval', code: 'approved', plan, ...terms, exp };
}

function denied(said: Said, code: DeniedCode, findings: Finding[]): Verdict {
  return { ...common(said, otherSeconds), outcome: 'deny', code, obligations: { notify: [] }, findings };
}

/** How long a verdict may be offered upon; a plan's verdict lasts until its deadline and one offer more. */
const allowSeconds = 300;
const otherSeconds = 30;

type Common = Pick<
  Verdict,
  'gate' | 'purpose' | 'action_id' | 'agent' | 'action_digest' | 'facts_digest' | 'bundle_digest' | 'iat' | 'exp'
>;

function common({ question, agent, facts, bench }: Said, seconds: number): Common {
  const iat = Math.floor(bench.now.getTime() / 1_000);
  return {
    gate: bench.gate,
    purpose: bench.purpose,
    action_id: question.actionId,
    agent,
    action_digest: question.digest,
    facts_digest: digestOf(facts),
    bundle_digest: bench.bundleDigest,
    iat,
    exp: iat + seconds,
  };
}

/** Several reviews would be several rules; the verdict has room for one, so two are nothing that people could do. */
function obligationsOf({ obligations: { notify, post_review: reviews } }: PolicyDecision): Obligations | undefined {
  const [review, ...more] = reviews;
  if (review === undefined) return { notify };
  if (more.length > 0 || !Number.isSafeInteger(review.due_s) || review.due_s < 1) return undefined;
  const { rule, group, due_s, incident } = review;
  return { notify, review: { rule, group, due_seconds: due_s, ...(incident !== undefined && { incident }) } };
}

function denialCode(findings: readonly Finding[]): DeniedCode {
  const contradicts = findings.some(({ effect, code }) => effect === 'deny' && code === 'claim_contradicts_fact');
  return contradicts ? 'claim_contradicts_fact' : 'policy_denied';
}

/** Codes with the words of the rule's METADATA. A rule without words is still told, at its worst. */
function titled(findings: readonly RawFinding[], catalogue: Catalogue): Finding[] {
  return findings.map((finding) => {
    const text = Object.hasOwn(catalogue, finding.rule) ? catalogue[finding.rule] : undefined;
    const { title = finding.rule, severity = 'critical', controls = [] } = text ?? {};
    return { ...finding, title, severity, controls };
  });
}

/** What the agent is told about a denial: the codes of what stands against it, each once. */
export function reasonsOf({ code, findings }: Verdict): string[] {
  const codes = findings.filter(({ effect }) => effect === 'deny').map((finding) => finding.code);
  return codes.length === 0 ? [code] : [...new Set(codes)];
}

/**
 * From when on a denied action may be asked for again: when everything that stands against it is over by itself (its finding says
 * `ask_again_s`). Undefined where something stays, whatever the clock says. RFC 3339.
 */
export function askAgainAt({ findings, iat }: Verdict): string | undefined {
  const seconds = findings.filter(({ effect }) => effect === 'deny').map(({ params }) => params['ask_again_s']);
  const known = seconds.filter((each) => typeof each === 'number' && Number.isSafeInteger(each) && each >= 0);
  if (known.length === 0 || known.length !== seconds.length) return undefined;
  return new Date((iat + Math.max(...(known as number[]))) * 1_000).toISOString();
}
