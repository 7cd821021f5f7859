import { randomUUID } from 'node:crypto';
import type { Database } from '#database';
import type { Decider } from '../../apps/approvals/src/core/decider.js';
import type { Alike } from '../../apps/approvals/src/io/inbox.store.js';

/** As far as lists go. `due`: seconds from now. */
export interface Request {
  action_id: string;
  state: string;
  version: number;
  plan_no: number;
  stage_group: string;
  asked: string[] | null;
  people_groups: string[];
  excluded: string[];
  stage_min_minor: number | null;
  stage_min_currency: string | null;
  shape: string | null;
  due: number;
}

/** On a plan of the request, which may be an old one. */
export interface Voted {
  action_id: string;
  plan_no: number;
  person: string;
  seat_of: string | null;
}

/** `until`: seconds from now. */
export interface Lent {
  action_id: string;
  plan_no: number;
  giver: string;
  receiver: string;
  until: number;
  ended: boolean;
}

export interface Everything {
  requests: Request[];
  votes: Voted[];
  lent: Lent[];
}

const groups = ['g-1', 'g-2', 'g-3', 'g-4', 'g-5'];
const persons = ['ann', 'bob', 'cyd'];

/** A world of requests from a generator of numbers below one: with few shapes or many, and with much or little that is hidden. */
export function someRequests(count: number, random: () => number): Everything {
  const oneOf = <T>(...all: T[]): T => all[Math.floor(random() * all.length)] as T;
  const shapes = oneOf(1, 5, count / 3, count * 10);
  const hidden = oneOf(0.05, 0.9);
  const chance = (share: number): boolean => random() < share;
  const request = (): Request => {
    const stage_group = oneOf(...groups);
    return {
      action_id: randomUUID(),
      state: oneOf('open', 'open', 'open', 'open', 'granted'),
      version: 1,
      plan_no: oneOf(1, 2),
      stage_group,
      asked: chance(0.1) ? [oneOf(...groups), oneOf('person:ann', ...groups)] : null,
      people_groups: [stage_group, oneOf(...groups)],
      excluded: chance(hidden / 2) ? [oneOf(...persons)] : [],
      ...(chance(hidden) ? { stage_min_minor: oneOf(10, 1_000), stage_min_currency: oneOf('EUR', 'USD') } : { stage_min_minor: null, stage_min_currency: null }),
      shape: chance(0.05) ? null : `shape-${String(Math.floor(random() * shapes))}`,
      // Some at the same moment, some over.
      due: oneOf(-60, 600, 600 + Math.floor(random() * 10_000)),
    };
  }; // prettier-ignore
  const requests = Array.from({ length: count }, request);
  const moved = requests.filter(() => chance(0.3));
  for (const one of moved) one.version = 2;
  const touched = moved.map(({ action_id }) => ({ action_id, plan_no: oneOf(1, 2) }));
  const [voted, given] = [touched.filter((_, n) => n % 2 === 0), touched.filter((_, n) => n % 2 === 1)];
  return {
    requests,
    votes: voted.map((one) => ({ ...one, person: oneOf(...persons), seat_of: oneOf(null, 'ann') })),
    lent: given.map((one) => ({ ...one, giver: oneOf('ann', 'bob'), receiver: oneOf('cyd', 'dot'), until: oneOf(-60, 600), ended: chance(0.2) })),
  }; // prettier-ignore
}

export async function fill(database: Database, { lent, requests, votes }: Everything): Promise<void> {
  for (const table of ['approval', 'vote', 'delegation']) await database.query(`DELETE FROM ${table}`);
  for (const [sql, rows] of [[insertRequests, requests], [insertVotes, votes], [insertLent, lent]] as const) {
    await database.query(sql, [JSON.stringify(rows)]);
  }
} // prettier-ignore

const insertRequests = `
  INSERT INTO approval (action_id, agent_id, action_digest, state, version, plan_no, stage, stage_group, asked, people_groups, excluded,
    stage_min_minor, stage_min_currency, shape, headline, summary, deadline_at, closed_at)
  SELECT action_id, 'agent', 'd', state, version, plan_no, 1, stage_group, asked, people_groups, excluded, stage_min_minor, stage_min_currency, shape,
    'h', '{"severity": "low"}', now() + due * interval '1 second', CASE state WHEN 'open' THEN NULL ELSE now() END
  FROM json_to_recordset($1) AS r (action_id uuid, state text, version int, plan_no int, stage_group text, asked text[], people_groups text[], excluded text[],
    stage_min_minor bigint, stage_min_currency text, shape text, due int)`;

const insertVotes = `
  INSERT INTO vote (action_id, plan_no, person, seat_of, stage, decision, reason, vote, counting, counted_at)
  SELECT action_id, plan_no, person, seat_of, 1, 'approve', 'r', 'v', 'c', now()
  FROM json_to_recordset($1) AS r (action_id uuid, plan_no int, person text, seat_of text)`;

const insertLent = `
  INSERT INTO delegation (jti, action_id, plan_no, giver, receiver, until, delegation, person_key, given_at, ended_at)
  SELECT gen_random_uuid(), action_id, plan_no, giver, receiver, now() + until * interval '1 second', 'd', 'k', now(), CASE WHEN ended THEN now() END
  FROM json_to_recordset($1) AS r (action_id uuid, plan_no int, giver text, receiver text, until int, ended boolean)`;

const planOf = (one: Pick<Voted, 'action_id' | 'plan_no'>): string => `${one.action_id} ${String(one.plan_no)}`;

/** Which of all requests wait for a person, one after the other. */
export function waitFor({ lent, requests, votes }: Everything, person: Decider, parties: readonly string[]): Request[] {
  const [standing, cast] = [lent.filter(({ ended, until }) => !ended && until > 0), votes].map((all) =>
    Map.groupBy<string, Voted | Lent>(all, planOf),
  );
  const isFree = (each: Voted | Lent): boolean =>
    'giver' in each ? each.giver !== person.id : each.person !== person.id && each.seat_of !== person.id;
  return requests.filter((one) => {
    const said = [...(standing?.get(planOf(one)) ?? []), ...(cast?.get(planOf(one)) ?? [])];
    const isReceiver = said.some((each) => 'receiver' in each && each.receiver === person.id);
    return (
      isOpenTo(one, person) && said.every(isFree) && (isReceiver || isAsked(one, parties)) && isWithin(one, person)
    );
  });
}

const isOpenTo = ({ due, excluded, state }: Request, { id }: Decider): boolean =>
  state === 'open' && due > 0 && !excluded.includes(id);

const isAsked = ({ asked, stage_group }: Request, parties: readonly string[]): boolean =>
  [stage_group, ...(asked ?? [])].some((each) => parties.includes(each));

const isWithin = ({ stage_min_currency, stage_min_minor }: Request, { limits }: Decider): boolean =>
  stage_min_currency === null ||
  limits.some((own) => own.currency === stage_min_currency && own.amount_minor >= (stage_min_minor ?? 0));

export function inSight({ requests }: Everything, parties: readonly string[] | 'all'): Request[] {
  const sees = (one: Request): boolean => parties === 'all' || one.people_groups.some((each) => parties.includes(each));
  return requests.filter((one) => one.state === 'open' && sees(one));
}

/** What a list says of these: the action that each line has, and for how many it stands. */
export function linesOf(all: readonly Request[], everything: Everything, alike: Alike): [string, number][] {
  const due = all.toSorted((a, b) => a.due - b.due || (a.action_id < b.action_id ? -1 : 1));
  if (alike.kind === 'each') {
    const like = everything.requests.find(({ action_id }) => action_id === alike.like);
    const own = alike.like === undefined ? due : due.filter(({ shape }) => shape !== null && shape === like?.shape);
    return own.slice(0, 200).map(({ action_id }) => [action_id, 1]);
  }
  const lines = Map.groupBy(due, ({ action_id, shape, stage_group }) => `${shape ?? action_id} ${stage_group}`);
  return [...lines.values()].slice(0, 200).map((line) => [line[0]?.action_id ?? '', line.length]);
}
