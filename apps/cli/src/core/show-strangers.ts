import type { Stranger, StrangersAnswer } from '#contracts';
import { moment } from './plain-words.js';
import { row } from './say.js';

/** The screen of `targets strangers`: what stands there, what was done about it, and what can be done next. */
export function showStrangers({ strangers }: StrangersAnswer): string {
  if (strangers.length === 0) return 'Nothing stands at a target that belongs to no running lease.';
  return strangers.map((one) => screenOf(one).join('\n')).join('\n\n');
}

function screenOf(one: Stranger): string[] {
  const { target, lease_id, is_over, found_at, closed_at, confirmed, dropped_at } = one;
  const what = is_over
    ? 'a lease that was over and has come back: an older backup, or somebody put it there'
    : 'no lease that this gate knows: look at what it owns before it goes';
  const closed = closed_at === undefined ? 'NOT YET: the target does not answer' : moment(closed_at);
  return [
    `At ${target}, under the mark of lease ${lease_id}`,
    ...row('what', what),
    ...row('found', moment(found_at)),
    ...row('closed', closed),
    ...(confirmed === undefined ? [] : row('may go', `${confirmed.by}, ${moment(confirmed.at)} (${confirmed.reason})`)),
    ...nextOf(one, dropped_at),
  ];
}

function nextOf({ target, lease_id, is_over, confirmed }: Stranger, droppedAt: string | undefined): string[] {
  if (droppedAt !== undefined) return row('dropped', moment(droppedAt));
  if (is_over || confirmed !== undefined) return row('next', 'it is dropped as soon as the target answers');
  return row('to drop', `sallyport targets drop-stranger ${target} ${lease_id} --reason <text>`);
}

/** What a person hears who has said that it may go. */
export function saidOfDrop({ dropped_at, target }: Stranger): string {
  return dropped_at === undefined
    ? `Noted. It is dropped as soon as ${target} lets it be; see: sallyport targets strangers`
    : 'Dropped, with what it owned.';
}
