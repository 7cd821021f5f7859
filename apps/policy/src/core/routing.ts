import type { PolicyConfig, RoutingNeed } from '#contracts';

/** Which people the settings can ask for: what must be there before anybody asks. A new setting that names a group has its line here. */
export function routingNeeds({ data, db, emergency, incident, pay, rate, scope }: PolicyConfig): RoutingNeed[] {
  const { actions } = pay;
  return [
    { where: 'db.group', group: db.group, quorum: Math.max(db.quorum_in_window, db.quorum_outside), actions: db.actions },
    { where: 'db.data_group', group: db.data_group, quorum: db.data_quorum, actions: db.actions },
    { where: 'data.group', group: data.group, quorum: Math.max(data.quorum, data.bulk_quorum), actions: data.actions },
    ...tiersOf(pay).map((min_limit) => ({ where: 'pay.group', group: pay.group, quorum: pay.quorum, min_limit, actions })),
    { where: 'pay.directors_group', group: pay.directors_group, quorum: pay.directors_quorum, actions },
    { where: 'incident.group', group: incident.group, quorum: incident.quorum, actions: incident.actions },
    { where: 'scope.wide_group', group: scope.wide_group, quorum: scope.wide_quorum },
    { where: 'scope.standing_group', group: scope.standing_group, quorum: scope.standing_quorum },
    { where: 'rate.group', group: rate.group, quorum: rate.quorum },
    { where: 'emergency.review_group', group: emergency.review_group, quorum: 1, actions: incident.actions },
  ];
} // prettier-ignore

/** The most that a person of finance decides alone, in each currency. */
function tiersOf({ currencies }: PolicyConfig['pay']): NonNullable<RoutingNeed['min_limit']>[] {
  return Object.entries(currencies).map(([currency, { directors_above_minor: amount_minor }]) => ({
    amount_minor,
    currency,
  }));
}
