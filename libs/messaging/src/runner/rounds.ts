/** What is handled together, in one call. */
export interface Group<L, T> {
  lane: L;
  members: T[];
}

/**
 * The order in which a slice is handled: round k holds the k-th member of each key, so that no call sees a key twice and
 * each key keeps its order; inside a round, members of one lane go together, lanes in the order in which they appear.
 */
export function roundsOf<L, T>(
  members: readonly T[],
  keyOf: (member: T) => string,
  laneOf: (member: T) => L,
): Group<L, T>[] {
  const seen = new Map<string, number>();
  const rounds: Map<L, T[]>[] = [];
  for (const member of members) {
    const key = keyOf(member);
    const round = seen.get(key) ?? 0;
    seen.set(key, round + 1);
    const lanes = (rounds[round] ??= new Map<L, T[]>());
    const lane = laneOf(member);
    const group = lanes.get(lane);
    if (group) group.push(member);
    else lanes.set(lane, [member]);
  }
  return rounds.flatMap((lanes) => [...lanes].map(([lane, group]) => ({ lane, members: group })));
}
