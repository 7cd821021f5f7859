import type { ApprovalAnswer, Confirmation, DecisionView } from '#contracts';
import { row, shown, wrap } from './say.js';

/**
 * One screen: who asks and how that was proven, what exactly would run where, what would be granted, the points to confirm
 * beside their facts, why people were asked, and last what the agent says about it.
 */
export function showApproval({ decision, view_digest, progress }: ApprovalAnswer): string {
  const open = decision.stages.find(({ stage }) => stage === progress.stage);
  return [
    ...wrap(decision.headline, 0),
    ...(decision.action.inspectable ? [] : ['UNINSPECTABLE: no action type is registered; raw view only']),
    '',
    ...who(decision),
    ...what(decision),
    ...access(decision),
    '',
    ...confirmations(open?.confirmations ?? []),
    ...findings(decision),
    ...otherFacts(decision),
    ...state(progress),
    ...unverified(decision),
    '',
    ...row('view', view_digest),
    ...(progress.state === 'open' ? nextSteps(decision, open?.confirmations ?? []) : []),
    '',
  ].join('\n');
}

function who({ agent }: DecisionView): string[] {
  return [
    ...row('agent', `${agent.id} (entry version ${String(agent.version)}), owner ${agent.owner}`),
    ...row('proven by', agent.proof),
    ...(agent.on_behalf_of === undefined ? [] : row('on behalf of', agent.on_behalf_of)),
  ];
}

function what({ action, resource, exact }: DecisionView): string[] {
  const properties = Object.entries(action.properties);
  return [
    ...row('target', `${resource.type} ${resource.id}`),
    ...row('action', action.name),
    ...properties.flatMap(([name, value]) => row(`  ${name}`, shown(value))),
    ...row('exact bytes', exact),
  ];
}

function access({ access: asked }: DecisionView): string[] {
  const uses = asked.uses === 1 ? 'one use' : `${String(asked.uses)} uses`;
  return row(
    'would grant',
    `${asked.profile} (version ${String(asked.profile_version)}) for ${String(asked.ttl_seconds)} s, ${uses}`,
  );
}

function confirmations(points: readonly Confirmation[]): string[] {
  if (points.length === 0) return [];
  const lines = points.flatMap(({ id, text, fact, claim }) => [
    ...row(`[ ] ${id}`, text),
    ...(claim === undefined ? [] : row('    claim', `${shown(claim)}   (the agent’s word)`)),
    ...(fact === undefined
      ? row('    fact', 'none is known')
      : row('    fact', `${shown(fact.value)}   (${fact.source}, ${fact.at})`)),
  ]);
  return ['To confirm', ...lines, ''];
}

function findings({ findings: found }: DecisionView): string[] {
  const lines = found
    .filter(({ effect }) => effect !== 'allow')
    .flatMap(({ rule, title, code, severity, controls }) =>
      row(rule, `${title} (${code}, ${severity}; ${controls.join(', ')})`),
    );
  return lines.length === 0 ? [] : ['Why you are asked', ...lines, ''];
}

/** Facts that stand beside no point: they are part of the view, so they are shown. */
function otherFacts({ facts, stages }: DecisionView): string[] {
  const beside = new Set(stages.flatMap((stage) => stage.confirmations.map(({ fact }) => JSON.stringify(fact))));
  const lines = facts
    .filter(({ value, source, at }) => !beside.has(JSON.stringify({ value, source, at })))
    .flatMap(({ name, value, source }) =>
      wrap(`${name} = ${shown(value)}   (${source})`, 2).map((line) => `  ${line}`),
    );
  return lines.length === 0 ? [] : ['Facts', ...lines, ''];
}

function state({ state: now, stage, stages, deadline_at }: ApprovalAnswer['progress']): string[] {
  const seats = stages.map(
    ({ stage: number, group, quorum, approved }) =>
      `${number === stage && now === 'open' ? '> ' : ''}${group} ${String(approved)} of ${String(quorum)}`,
  );
  return [...row('state', `${now}; ${seats.join(', then ')}`), ...row('until', deadline_at), ''];
}

function unverified({ unverified: said }: DecisionView): string[] {
  const lines = Object.entries(said.context).flatMap(([name, value]) => row(name, shown(value)));
  return [`${said.label}:`, ...lines.map((line) => `  | ${line.trimStart()}`)];
}

function nextSteps({ action_id }: DecisionView, points: readonly Confirmation[]): string[] {
  const confirm = points.map(({ id }) => ` --confirm ${id}`).join('');
  return [
    '',
    `  sallyport approvals approve ${action_id}${confirm} --reason "…"`,
    `  sallyport approvals deny ${action_id} --reason "…"`,
  ];
}
