import type { ApprovalAnswer, Confirmation, DecisionView } from '#contracts';
import { stageText } from '#trust';
import { explainLines } from './explain-lines.js';
import { factBeside, factsBelow, keyOf, originOf, withFacts, without } from './fact-lines.js';
import { duration, moment, money, moneyIn, plain, quoted } from './plain-words.js';
import { beside, chop, columns, row, shown, textColumn, width, wrap } from './say.js';
import { summedUp } from './show-summary.js';

type Progress = ApprovalAnswer['progress'];

/**
 * One screen: who asks and how that was proven, where, what would be granted, the exact bytes, what is different from the last one (`earlier`), the points to confirm beside
 * their facts, why people are asked, how to decide, and last what the agent says about it.
 */
export function showApproval(
  { answers, decision, view_digest, progress }: ApprovalAnswer,
  earlier: readonly string[] = [],
): string {
  const stage = decision.stages.find((each) => each.stage === (progress.yours ?? progress.stage));
  const points = stage?.confirmations ?? [];
  return [
    ...wrap(decision.headline, 0),
    ...(decision.action.inspectable ? [] : ['UNINSPECTABLE: no action type is registered; raw view only']),
    '',
    ...who(decision),
    ...what(decision),
    ...access(decision),
    ...(decision.step_up === true ? row('needs', 'your security key, if you approve') : []),
    ...secrets(decision),
    ...beside(isExact(decision) ? 'exact bytes' : 'text', chop(decision.exact, textColumn)),
    ...earlier,
    ...questionOf(answers),
    ...confirmations(points, decision),
    ...findings(decision),
    ...otherFacts(decision, points),
    ...state(decision, progress),
    ...(progress.state === 'open' ? nextSteps(decision, { stage, points }, view_digest) : row('view', view_digest)),
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
  const own = facts.filter(({ name }) => name.startsWith('subject.'));
  return [
    ...row('agent', withFacts(`${agent.id}@${String(agent.version)}, owner ${agent.owner}`, own)),
    ...row('proven by', agent.proof),
    ...(agent.on_behalf_of === undefined ? [] : row('on behalf of', agent.on_behalf_of)),
  ];
}

function what({ action, action_id, facts, resource }: DecisionView): string[] {
  const own = facts.filter(({ name }) => name.startsWith('resource.'));
  const spent = facts.filter(({ name }) => name === 'context.spend');
  return [
    ...row('target', withFacts(`${resource.type} ${resource.id}`, own)),
    ...whatExactly(action),
    ...(action.summaries ?? []).flatMap((summary) => summedUp(action_id, summary)),
    ...explainLines(facts),
    ...factsBelow('spent in 24 h', spent),
  ];
}

function questionOf(answers: ApprovalAnswer['answers']): string[] {
  if (answers === undefined) return [];
  const { action_id, at, by, text } = answers;
  return row('answers', `a question of ${by} about ${action_id}, ${moment(at)}: "${text}"`);
}

/** What stands for the signed text is that text itself: nothing hidden, nothing summed up. */
const isExact = ({ action, secrets: secret }: DecisionView): boolean =>
  (secret === undefined || secret.are === 'shown') && action.summaries === undefined;

const hiddenAs = { shown: 'shown to you', masked: 'hidden from you', digest: 'hidden from you but for the digest' };

/** What is secret, and how much of it stands on this screen. */
function secrets({ secrets: secret }: DecisionView): string[] {
  if (secret === undefined) return [];
  return row('secret', `${secret.names.map(quoted).join(', ')}: ${hiddenAs[secret.are]}`);
}

const mostLines = 2;

/** Short properties stand together, as exact JSON; long ones and texts of several lines each get a row of their own. */
function whatExactly({ name, properties }: DecisionView['action']): string[] {
  const members = Object.entries(properties).map(([member, value]) => ({
    member,
    value,
    is: moneyIn(properties, member),
  }));
  const told = members.map(
    ({ member, value, is }) => `${quoted(member)}=${JSON.stringify(value)}${is === undefined ? '' : ` (${is})`}`,
  );
  const together = [name, ...(told.length === 0 ? [] : [told.join(' ')])].join('; ');
  const lines = wrap(together, textColumn).length;
  const hasLines = members.some(({ value }) => shown(value).includes('\n'));
  if (!hasLines && lines <= Math.min(Math.max(members.length, 1), mostLines)) return row('action', together);
  const rows = members.flatMap(({ member, value, is }) =>
    row(`  ${member}`, shown(value) + (is === undefined ? '' : ` = ${is}`)),
  );
  return [...row('action', name), ...rows];
}

function access({ access: asked, facts }: DecisionView): string[] {
  const { profile: id, profile_version: version } = asked;
  const uses = asked.uses === 1 ? 'one use' : `${String(asked.uses)} uses`;
  const head = `${id}@${String(version)} for ${duration(asked.ttl_seconds)}, ${uses}`;
  const known = facts.find(({ name }) => name === 'context.profile');
  const more = known && `${plain(without({ id, version }, known.value))} (${originOf(known)})`;
  return row('would grant', more === undefined ? head : `${head}; ${more}`);
}

/** Each fact, and below it the points that are confirmed beside it: what the gate knows comes before what the agent says. */
function confirmations(points: readonly Confirmation[], { facts }: DecisionView): string[] {
  if (points.length === 0) return [];
  const byFact = [...Map.groupBy(points, ({ fact }) => fact && keyOf(fact)).values()];
  const lines = byFact.flatMap((group) => [
    ...row('gate knows', factBeside(group[0]?.fact, facts)),
    ...group.flatMap(toTick),
  ]);
  return ['Confirm each of these points, or deny', ...lines];
}

function toTick({ id, text, claim }: Confirmation): string[] {
  const said = claim === undefined ? [] : row('    agent says', `"${excerpt(shown(claim))}" (not verified)`);
  return [...wrap(`[ ] ${id}: ${text}`, 4).map((line) => `    ${line}`), ...said];
}

function findings({ findings: found }: DecisionView): string[] {
  return found
    .filter(({ effect }) => effect !== 'allow')
    .flatMap(({ rule, title, code, severity, controls }) =>
      row(`why ${rule}`, `${title} (${code}, ${severity}); controls ${controls.join(', ')}`),
    );
}

/** Facts that stand beside nothing else on this screen: they are part of what is decided on, so they are shown. */
function otherFacts({ facts }: DecisionView, points: readonly Confirmation[]): string[] {
  const shownAbove = new Set(points.map(({ fact }) => fact && keyOf(fact)));
  const isPlaced = (name: string): boolean =>
    /^(?:subject\.|resource\.|context\.(?:profile|spend|explain)$)/u.test(name);
  return factsBelow(
    'other facts',
    facts.filter((fact) => !isPlaced(fact.name) && !shownAbove.has(keyOf(fact))),
  );
}

function state({ stages, excluded, parallel, veto }: DecisionView, progress: Progress): string[] {
  const seats = progress.stages.map((one) => {
    const isNow = parallel !== true && one.stage === progress.stage && progress.state === 'open' && progress.stages.length > 1;
    return `${isNow ? 'now ' : ''}${seatsOf(one, stages.find(({ stage }) => stage === one.stage))}`;
  }); // prettier-ignore
  const past = progress.history
    .filter(({ what: said }) => said !== 'opened')
    .flatMap(({ at, what: said, by, reason }) =>
      row(
        '',
        `${moment(at)} ${said}${by === undefined ? '' : ` by ${by}`}${reason === undefined ? '' : `: ${reason}`}`,
      ),
    );
  const open = `${progress.state} until ${moment(progress.deadline_at)}; approved by ${seats.join(parallel === true ? ', and ' : ', then ')}`;
  const given = (progress.delegated ?? []).map(
    ({ by, to, until }) => `${to} decides in the place of ${by} until ${moment(until)}`,
  );
  const never = excluded.map(({ person, why }) => `${person} (${why.replaceAll('_', ' ')})`);
  const besides = veto === undefined ? [] : [`may say no as well: ${veto.join(', ')}`];
  return [
    ...row(
      'state',
      [open, ...given, ...besides, ...(never.length === 0 ? [] : [`never decide: ${never.join(', ')}`])].join('; '),
    ),
    ...past,
  ];
}

type Stage = DecisionView['stages'][number];

/** How many are there, who may be, and what happens if nobody is. */
function seatsOf(seats: Progress['stages'][number], stage: Stage | undefined): string {
  const counted = `${String(seats.approved)} of ${String(seats.quorum)} of`;
  if (stage === undefined) return `${counted} ${seats.group}`;
  const limit = stage.min_limit;
  const least = limit === undefined ? '' : ` (own limit at least ${money(limit.amount_minor, limit.currency)})`;
  return `${counted} ${stageText(stage)}${least}${nextGroup(stage, seats)}${timeOf(stage, seats)}`;
}

function nextGroup({ escalate }: Stage, { escalates }: Progress['stages'][number]): string {
  if (escalate === undefined) return '';
  if (escalate.after_seconds === 0) return `, or ${escalate.to} at once`;
  const after = `after ${duration(escalate.after_seconds)} without a decision`;
  return `, or ${escalate.to} ${escalates === undefined ? after : `from ${moment(escalates.at)} on`}`;
}

function timeOf({ deadline_seconds: time }: Stage, { deadline_at }: Progress['stages'][number]): string {
  if (time === undefined) return '';
  return deadline_at === undefined ? `, within ${duration(time)}` : `, until ${moment(deadline_at)}`;
}

/** Ready to be copied: whatever is too long for a line goes on behind a backslash. */
function nextSteps(
  { action_id, parallel }: DecisionView,
  { points, stage }: { points: readonly Confirmation[]; stage: Stage | undefined },
  digest: string,
): string[] {
  const confirm = points.map(({ id }) => `--confirm ${id}`);
  const seat = parallel === true && stage !== undefined ? [`--stage ${String(stage.stage)}`] : [];
  const approve = [`approve ${action_id}`, `--view ${shortView(digest)}`, ...seat, ...confirm, '--reason "…"'];
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
