import { z } from 'zod';
import { agentUrn, requestLimits, requestType, requestValue, type ActionType, type Known, type ProblemCode, type RequestValue, type SignedAttributes } from '#contracts'; // prettier-ignore
import { actionDigest, digestOfBytes, forbiddenText, parseStrict, tooLongToShow, type JsonValue } from '#trust';

/** What the registry says, as this service's copy has it. */
export interface RequestFacts {
  agent: Known<'agents'>;
  /** By the database's clock. */
  now: Date;
  /** Where the properties differ from the schema registered for this action; null when they fit; undefined when there is no such action. */
  differs: (action: string, properties: unknown) => string | null | undefined;
  /** How this action's long values are shown to people. */
  summaries: (action: string) => ActionType['summaries'];
  /** The id of the person with this identity. */
  personOf: (iss: string, sub: string) => string | undefined;
}

export interface Judged {
  /** Stands for the action. Where the value is no JSON it is the digest of the bytes: there is no action to stand for. */
  digest: string;
  /** Absent when the request is valid. */
  refusal?: Refusal;
  /** As a valid request names it. */
  taskId?: string;
  /** What it names as superseded. Whether that is an action of this agent is another question. */
  supersedes?: string;
}

export interface Unknown {
  kind: 'action-types' | 'people';
  id: string;
}

export interface Refusal {
  code: ProblemCode;
  /** Where, for the agent that wrote it. */
  detail?: string;
  /** Entries that could lift the refusal if the registry has them and this copy does not yet. */
  unknown?: readonly Unknown[];
}

/** Whether an authentic request may enter, and the digest under which it is frozen. Says nothing about whether the action may run. */
export function judgeRequest(bytes: Buffer, ce: SignedAttributes, facts: RequestFacts): Judged {
  const parsed = parseStrict(bytes, requestLimits);
  if (!parsed.ok) {
    const refusal = isBarred(facts) ? ({ code: 'agent_suspended' } as const) : { code: parsed.code };
    return { digest: digestOfBytes(bytes), refusal };
  }
  const digest = actionDigest({ id: ce.id, source: ce.source, data: parsed.value });
  const refusal = isBarred(facts) ? ({ code: 'agent_suspended' } as const) : contentRefusal(parsed.value, ce, facts);
  return refusal === undefined ? { digest, ...namedIn(parsed.value) } : { digest, refusal };
}

const named = z.object({ context: z.object({ task_id: z.string().optional(), supersedes: z.string().optional() }) });

function namedIn(value: JsonValue): Pick<Judged, 'taskId' | 'supersedes'> {
  const { task_id: taskId, supersedes } = named.safeParse(value).data?.context ?? {};
  return { ...(taskId !== undefined && { taskId }), ...(supersedes !== undefined && { supersedes }) };
}

/** Suspended, or past its expiry. */
function isBarred({ agent: { spec }, now }: RequestFacts): boolean {
  return spec.state !== 'active' || (spec.expires_at !== undefined && spec.expires_at <= now.toISOString());
}

function contentRefusal(value: JsonValue, ce: SignedAttributes, facts: RequestFacts): Refusal | undefined {
  if (ce.type !== requestType) return mismatch(`type: expected ${requestType}`);
  const request = requestValue.safeParse(value);
  if (!request.success) return mismatch(request.error.issues[0]?.path.join('.') ?? '');
  const hidden = forbiddenText(value);
  if (hidden !== undefined) return { code: 'text_not_allowed', detail: hidden };
  return (
    subjectRefusal(request.data, ce) ?? actionRefusal(request.data, facts) ?? principalRefusal(request.data, facts)
  );
}

function subjectRefusal({ subject }: RequestValue, ce: SignedAttributes): Refusal | undefined {
  return agentUrn(subject.id) === ce.source ? undefined : mismatch('subject.id: not the agent that signed');
}

function actionRefusal({ action, resource }: RequestValue, { differs, summaries }: RequestFacts): Refusal | undefined {
  const where = differs(action.name, action.properties);
  if (where === undefined) {
    return { code: 'unknown_action', detail: 'action.name', unknown: [{ kind: 'action-types', id: action.name }] };
  }
  if (where !== null) return mismatch(`action.properties${where}`);
  // Whether people will decide is not known yet; what they could not be shown never gets that far.
  const values = { action: action.properties, resource: resource.properties ?? {} } as Record<
    'action' | 'resource',
    Record<string, JsonValue>
  >;
  const long = tooLongToShow(values, summaries(action.name));
  return long === undefined ? undefined : { code: 'too_long_to_show', detail: long };
}

/** An agent that acts for people says for whom; nobody else may be named. */
function principalRefusal({ context }: RequestValue, { agent, personOf }: RequestFacts): Refusal | undefined {
  const { on_behalf_of: named } = context;
  const { principals } = agent.spec;
  if (named === undefined && principals.length === 0) return undefined;
  const person = named && personOf(named.iss, named.sub);
  if (person !== undefined && principals.includes(person)) return undefined;
  const unknown = named === undefined ? [] : principals.map((id) => ({ kind: 'people' as const, id }));
  return { code: 'principal_not_registered', detail: 'context.on_behalf_of', unknown };
}

const mismatch = (detail: string): Refusal => ({ code: 'schema_mismatch', detail });
