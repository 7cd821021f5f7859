import type { PullAnswer, PullLine, PullsAnswer, ReleaseAnswer } from '#contracts';
import { moment } from './plain-words.js';
import { row } from './say.js';

/** What a pull covers, in words. */
export const scopeWords = ({ scope, id }: { scope: string; id?: string | undefined }): string =>
  id === undefined ? 'everything' : `${scope} ${id}`;

const releaseCommand = (id: string): string => `sallyport kill-switch release ${id} --reason <text>`;
const leases = (count: number): string => `${String(count)} ${count === 1 ? 'lease' : 'leases'}`;

/** The screen of `kill-switch show`: each pull with its work, what stands in its way, and what can be done next. */
export function showPulls({ pulls }: PullsAnswer): string {
  if (pulls.length === 0) return 'The kill switch is not pulled.';
  return pulls.map((pull) => screenOf(pull).join('\n')).join('\n\n');
}

function screenOf(pull: PullLine): string[] {
  const { id, by, epoch, live, ended, pulled_at, reason, release } = pull;
  return [
    `Pulled for ${scopeWords({ scope: pull.scope, id: pull.scope_id })}: nothing is released or used there.`,
    ...row('pull', id),
    ...row('by', `${by}, ${moment(pulled_at)}, epoch ${String(epoch)}`),
    ...row('reason', reason),
    ...row('work', live === 0 ? `done: ${leases(ended)} ended` : `${leases(ended)} ended, ${String(live)} to go`),
    ...pull.stuck_at.flatMap(({ target, leases: count }) =>
      row('STUCK', `${leases(count)} at ${target}: look at that target; ending is tried for ever`),
    ),
    ...releaseRows(release),
    ...row('to release', releaseCommand(id)),
  ];
}

function releaseRows(release: PullLine['release']): string[] {
  if (release === undefined) return row('release', 'needs two security officers');
  const { by, at, reason, waits_for } = release;
  const others = waits_for === 1 ? 'one more' : `${String(waits_for)} more`;
  return row('release', `asked by ${by}, ${moment(at)} (${reason}); needs ${others}, and not ${by}`);
}

/** What a person hears who has pulled it. */
export function saidOfPull({ id, epoch, live }: PullAnswer, what: { scope: string; id?: string | undefined }): string {
  const ending = live === 0 ? 'Nothing was live there.' : `${leases(live)} that were not over are being ended.`;
  return [
    `Pulled for ${scopeWords(what)}, epoch ${String(epoch)}: nothing is released or used there any more.`,
    `${ending} Follow it: sallyport kill-switch show`,
    `To release it, two security officers: ${releaseCommand(id)}`,
  ].join('\n');
}

export function saidOfRelease({ id, released }: ReleaseAnswer): string {
  return released
    ? 'Released. New requests work; what was ended does not come back.'
    : `Noted. It stays pulled until another security officer says so too: ${releaseCommand(id)}`;
}
