import { approvalVoted, vote } from '#contracts';
import { digestOfBytes, peek } from '#trust';

/** Why what stands in the log as shown was not shown to whoever voted; undefined where it was, or where nothing stands there. */
export function whyNotShown(data: unknown): string | undefined {
  const { counted, shown } = approvalVoted.data.parse(data);
  if (shown === undefined) return undefined;
  const cast = vote.safeParse(peek(counted.vote));
  return cast.success && cast.data.view_digest === digestOfBytes(shown)
    ? undefined
    : 'a vote was on another view than stands beside it';
}
