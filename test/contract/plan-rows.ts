import { z } from 'zod';
import { entryId, person, plan as planSchema, stage, type Known, type Plan } from '#contracts';
import { at as instant, groupOf, personOf, planOf, stageOf } from '../../apps/approvals/src/core/plan.fixture.js';

const at = (second: number): string => instant(second).toISOString();

const personRow = z.strictObject({
  from: z.int().default(0),
  limits: person.shape.limits,
  state: person.shape.state.default('active'),
});

const voteRow = z.strictObject({
  by: z.string(),
  at: z.int(),
  deny: z.boolean().default(false),
  confirmed: z.array(z.string()).default([]),
  /** The stage that the person names. */
  stage: z.int().optional(),
  then: z.string(),
});
/** A seat is given to somebody else; for as long as people may decide now, unless told. */
const givingRow = z.strictObject({
  by: z.string(),
  at: z.int(),
  gives_to: z.string(),
  until: z.int().optional(),
  then: z.string(),
});
const takingBackRow = z.strictObject({ by: z.string(), at: z.int(), takes_back: z.literal(true), then: z.string() });

export const story = z.strictObject({
  name: z.string(),
  people: z.record(z.string(), z.union([personRow, z.array(personRow).min(1)])).default({}),
  groups: z.record(
    z.string(),
    z.union([z.array(z.string()), z.array(z.strictObject({ from: z.int(), members: z.array(z.string()) })).min(1)]),
  ),
  stages: z.array(
    stage
      .partial()
      .omit({ stage: true })
      .extend({ confirmations: z.array(z.string()).default([]) }),
  ),
  parallel: z.boolean().default(false),
  veto: z.array(entryId).default([]),
  excluded: planSchema.shape.excluded.default([]),
  deadline: z.int().default(3_600),
  votes: z.array(z.union([voteRow, givingRow, takingBackRow])),
  until: z.int().optional(),
  state: z.enum(['open', 'granted', 'denied', 'expired']),
});
export type Story = z.infer<typeof story>;
export type Told = Omit<Story, 'name' | 'state'>;
export type Vote = z.infer<typeof voteRow>;
export type Giving = z.infer<typeof givingRow>;
export type Act = Told['votes'][number];

export function planIn({ deadline, excluded, parallel, stages, veto }: Told): Plan {
  const numbered = stages.map(({ confirmations, quorum, ...rest }, i) => {
    const points = confirmations.map((id) => ({ id, text: id }));
    return stageOf({ ...rest, stage: i + 1, quorum: quorum ?? 1, confirmations: points });
  });
  const counts = stages.some((one) => one.deadline_seconds !== undefined || one.escalate !== undefined);
  return planOf(numbered, {
    excluded,
    ...(veto.length > 0 && { veto }),
    ...(parallel && { parallel: true as const }),
    ...(counts && { begins_at: at(0) }),
    deadline_at: at(deadline),
  });
}

interface From<E> {
  /** The second at which this version begins. */
  from: number;
  entry: E;
}

/** All versions of each group and person, as the registry keeps them. */
export class Versions {
  readonly groups: From<Known<'groups'>>[];
  readonly people: From<Known<'people'>>[];

  constructor({ groups, people, votes }: Told) {
    const acting = votes.flatMap((act) => ('gives_to' in act ? [act.by, act.gives_to] : [act.by]));
    this.groups = Object.entries(groups).flatMap(([id, given]) =>
      given
        .map((one) => (typeof one === 'string' ? undefined : one))
        .filter((one) => one !== undefined)
        .concat(given.every((one) => typeof one === 'string') ? [{ from: 0, members: given }] : [])
        .map(({ from, members }, i) => ({ from, entry: groupOf(id, members, i + 1) })),
    );
    this.people = [...new Set([...acting, ...Object.keys(people)])].flatMap((id) =>
      [people[id] ?? personRow.parse({})]
        .flat()
        .map(({ from, ...spec }, i) => ({ from, entry: { ...personOf(id, spec), version: i + 1 } })),
    );
  }

  person(id: string, second: number): Known<'people'> {
    return current(this.people, second).get(id) ?? personOf(id);
  }

  groupsAt(second: number): Known<'groups'>[] {
    return [...current(this.groups, second).values()];
  }

  /** Whom the registry deactivated after one second, until another. */
  goneBetween(after: number, until: number): Set<string> {
    const gone = this.people.filter(
      ({ entry, from }) => after < from && from <= until && entry.spec.state !== 'active',
    );
    return new Set(gone.map(({ entry }) => entry.id));
  }
}

/** What is in force at this second: the newest version of each. */
function current<E extends { id: string }>(versions: From<E>[], second: number): Map<string, E> {
  return new Map(versions.filter(({ from }) => from <= second).map(({ entry }) => [entry.id, entry]));
}
