import type { ApprovalAnswer, Confirmation, DecisionView } from '#contracts';
import { duration, moment, money, moneyIn, plain, stamp } from './plain-words.js';
import { beside, chop, columns, row, shown, textColumn, width, wrap } from './say.js';

type Progress = ApprovalAnswer['progress'];

/**
 * One screen: who asks and how that was proven, where, what would be granted, the exact bytes, the points to confirm beside
 * their facts, why people are asked, how to decide, and last what the agent says about it.
 */
export function showApproval({ decision, view_digest, progress }: ApprovalAnswer): string {
  const stage = decision.stages.find((each) => each.stage === progress.stage);
  const points = stage?.confirmations ?? [];
  return [
    ...wrap(decision.headline, 0),
    ...(decision.action.inspectable ? [] : ['UNINSPECTABLE: no action type is registered; raw view only']),
    '',
    ...who(decision),
    ...what(decision),
    ...access(decision),
    ...beside('exact bytes', chop(decision.exact, textColumn)),
    '',
    ...confirmations(points),
    ...findings(decision),
    ...otherFacts(decision),
    '',
    ...state(decision, progress),
    ...(progress.state === 'open' ? nextSteps(decision, points, view_digest) : row('view', view_digest)),
    '',
    ...unverified(decision),
    '',
  ].join('\n');
}

/** Enough of a view's digest to name it: `--view` takes it back. */
export function shortView(digest: string): string {
  return digest.slice('sha256:'.length, 'sha256:'.length + 12);
}

function who({ agent, facts }: DecisionView): string[] {
  return [
    ...row('agent', `${agent.id} (entry version ${String(agent.version)}), owner ${agent.owner}`),
    ...factsBelow(facts.filter(({ name }) => name.startsWith('subject.'))),
    ...row('proven by', agent.proof),
    ...(agent.on_behalf_of === undefined ? [] : row('on behalf of', agent.on_behalf_of)),
  ];
}

function what({ action, facts, resource }: DecisionView): string[] {
  const properties = Object.entries(action.properties).flatMap(([name, value]) => {
    const amount = moneyIn(action.properties, name);
    return row(`  ${name}`, `${shown(value)}${amount === undefined ? '' : ` = ${amount}`}`);
  });
  return [
    ...row('target', `${resource.type} ${resource.id}`),
    ...factsBelow(facts.filter(({ name }) => name.startsWith('resource.'))),
    ...row('action', action.name),
    ...properties,
  ];
}

function access({ access: asked, facts }: DecisionView): string[] {
  const uses = asked.uses === 1 ? 'one use' : `${String(asked.uses)} uses`;
  const profile = `profile ${asked.profile} (version ${String(asked.profile_version)})`;
  return [
    ...row('would grant', `${profile} for ${duration(asked.ttl_seconds)}, ${uses}`),
    ...factsBelow(facts.filter(({ name }) => name === 'context.profile')),
  ];
}

/** Facts of one origin together, without the first part of their names. */
function factsBelow(facts: DecisionView['facts'], label = ''): string[] {
  const byOrigin = [...Map.groupBy(facts, originOf)];
  return byOrigin.flatMap(([origin, group], index) => {
    const told = group.map(({ name, value }) => plain({ [name.slice(name.indexOf('.') + 1)]: value }));
    return row(index === 0 ? label : '', `${told.join(' ').replaceAll('\n', ' ')} (${origin})`);
  });
}

const originOf = ({ source, at }: { source: string; at: string }): string => `${source}, ${stamp(at)}`;

/** The fact comes first: it is what the gate knows. */
function confirmations(points: readonly Confirmation[]): string[] {
  if (points.length === 0) return [];
  const lines = points.flatMap(({ id, text, fact, claim }) => [
    ...row(`[ ] ${id}`, text),
    ...row('      fact', fact === undefined ? 'NONE IS KNOWN' : `${plain(fact.value)} (${originOf(fact)})`),
    ...(claim === undefined ? [] : row('      agent says', `"${excerpt(shown(claim))}" (not verified)`)),
  ]);
  return ['Confirm each of these points, or deny', ...lines, ''];
}

function findings({ findings: found }: DecisionView): string[] {
  return found
    .filter(({ effect }) => effect !== 'allow')
    .flatMap(({ rule, title, code, severity, controls }) =>
      row(`why ${rule}`, `${title} (${code}, ${severity}); controls ${controls.join(', ')}`),
    );
}

/** Facts that stand beside nothing else: they are part of what is decided on, so they are shown. */
function otherFacts({ facts, stages }: DecisionView): string[] {
  const told = new Set(stages.flatMap(({ confirmations: points }) => points.map(({ fact }) => JSON.stringify(fact))));
  const rest = facts.filter(
    ({ name, value, source, at }) =>
      !/^(?:subject\.|resource\.|context\.profile$)/u.test(name) && !told.has(JSON.stringify({ value, source, at })),
  );
  return factsBelow(rest, 'other facts');
}

function state({ stages, excluded }: DecisionView, progress: Progress): string[] {
  const seats = progress.stages.map(({ stage, group, quorum, approved }) => {
    const limit = stages.find((each) => each.stage === stage)?.min_limit;
    const least = limit === undefined ? '' : ` (own limit at least ${money(limit.amount_minor, limit.currency)})`;
    const isNow = stage === progress.stage && progress.state === 'open' && progress.stages.length > 1;
    return `${isNow ? 'now ' : ''}${String(approved)} of ${String(quorum)} of ${group}${least}`;
  });
  const told = progress.history
    .filter(({ what: said }) => said !== 'opened')
    .flatMap(({ at, what: said, by, reason }) =>
      row(
        '',
        `${moment(at)} ${said}${by === undefined ? '' : ` by ${by}`}${reason === undefined ? '' : `: ${reason}`}`,
      ),
    );
  const never = excluded.map(({ person, why }) => `${person} (${why.replaceAll('_', ' ')})`);
  return [
    ...row('state', `${progress.state} until ${moment(progress.deadline_at)}; approved by ${seats.join(', then ')}`),
    ...told,
    ...(never.length === 0 ? [] : row('never decide', never.join(', '))),
  ];
}

/** Ready to be copied: whatever is too long for a line goes on behind a backslash. */
function nextSteps({ action_id }: DecisionView, points: readonly Confirmation[], digest: string): string[] {
  const confirm = points.map(({ id }) => `--confirm ${id}`);
  const approve = [`approve ${action_id}`, `--view ${shortView(digest)}`, ...confirm, '--reason "…"'];
  return ['To decide', ...command(approve), ...command([`deny ${action_id}`, '--reason "…"'])];
}

function command(words: readonly string[]): string[] {
  const lines: string[] = [];
  let line = '  sallyport approvals';
  for (const word of words) {
    const isFull = columns(`${line} ${word} \\`) > width;
    if (isFull) lines.push(`${line} \\`);
    line = isFull ? `    ${word}` : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Each line carries a bar, so that no text of the agent can pass for one of the gate. */
function unverified({ unverified: said }: DecisionView): string[] {
  const lines = Object.entries(said.context).flatMap(([name, value]) => row(name, excerpt(shown(value))));
  return [`${said.label}:`, ...lines.map((line) => `  |${line.slice(1)}`)];
}

const longestWord = 600;

/** The agent’s own words push nothing off the screen. They are cut visibly, and whole in the exact bytes. */
function excerpt(text: string): string {
  const chars = Array.from(text);
  if (chars.length <= longestWord) return text;
  const more = `… (${String(chars.length - longestWord)} more characters, see exact bytes)`;
  return `${chars.slice(0, longestWord).join('')}${more}`;
}
