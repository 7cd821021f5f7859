/**
 * Everything a log line may say. A field that is not here is dropped, at any nesting: secrets stay out because they are never let in, not because a
 * filter recognised them. Add a name only if its values can be shown to every operator.
 */
export const logFields = [
  // what
  'action_id', 'action_digest', 'agent_id', 'lease_id', 'incident_id', 'kind', 'kid', 'profile', 'ref', 'review_id', 'rule', 'outcome', 'state',
  'type', 'version', 'view_digest', 'bundle_digest', 'stage', 'channel', 'purpose',
  // where
  'topic', 'topics', 'partition', 'partitions', 'offset', 'handler', 'service', 'part', 'parts', 'phase', 'step', 'host', 'port', 'method', 'route',
  'schema', 'table', 'constraint', 'migration', 'target', 'file', 'group_id', 'member_id', 'point', 'broker', 'context',
  // how
  'attempt', 'code', 'why', 'count', 'events', 'rows', 'late', 'lag', 'ms', 'wait_ms', 'status', 'retryable', 'reason', 'ready', 'mode', 'detail',
  'level', 'setting', 'sequence', 'source', 'sha256', 'tree_size', 'gate_id', 'node', 'trace_id', 'writer', 'signal', 'ok',
  // errors: filled by `errorFields` only
  'error', 'cause', 'name', 'message', 'frames',
] as const; // prettier-ignore

export type LogField = (typeof logFields)[number];

/** Values are plain data or an error; an object inside is filtered by the same list. */
export type LogFields = { readonly [F in LogField]?: unknown };
