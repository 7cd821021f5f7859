/** One of many votes that came at the same moment, and what it was answered. */
export interface Cast {
  by: string;
  decision: 'approve' | 'deny';
  answer: string;
}

/** Who may fill the seats of the one stage, who belongs to the group and never may, and how many yeses it asks for. */
export interface Rules {
  quorum: number;
  members: readonly string[];
  excluded: readonly string[];
}

const counted = ['open', 'granted', 'denied'];

/** The votes that were counted, in the order of the table, as they were cast. Throws when one of them was never cast so, or refused. */
function castsOf(rows: readonly Pick<Cast, 'by' | 'decision'>[], casts: readonly Cast[]): Cast[] {
  return rows.map((row) => {
    const mine = casts.filter(({ by, decision, answer }) => by === row.by && decision === row.decision && counted.includes(answer));
    const [only] = mine;
    if (only === undefined || mine.length > 1) throw new Error(`counted: ${row.by} ${row.decision}; cast so: ${mine.length}`);
    return only;
  });
} // prettier-ignore

/** An order in which these votes, one after the other, would have been answered as they were, if there is one: the last vote that was counted ends it. */
export function orderOf(rows: readonly Pick<Cast, 'by' | 'decision'>[], casts: readonly Cast[]): Cast[] {
  const inTable = castsOf(rows, casts);
  const others = casts.filter((cast) => !inTable.includes(cast));
  const isLate = ({ answer }: Cast): boolean => answer === 'already_decided';
  return [
    ...inTable.slice(0, -1),
    ...others.filter((cast) => !isLate(cast)),
    ...inTable.slice(-1),
    ...others.filter(isLate),
  ];
}

/** What each of these votes is answered when they come one after the other. */
export function playedInOrder(casts: readonly Cast[], { quorum, members, excluded }: Rules): string[] {
  const voted = new Set<string>();
  let state = 'open';
  return casts.map(({ by, decision }) => {
    // What a stranger may not see is not there.
    if (![...members, ...excluded].includes(by)) return 'not_found';
    if (state !== 'open') return 'already_decided';
    if (voted.has(by) || excluded.includes(by)) return 'not_eligible';
    voted.add(by);
    if (decision === 'deny') state = 'denied';
    else if (voted.size === quorum) state = 'granted';
    return state;
  });
}
