/** More than a person can read at once; what is left comes up as the first ones are decided. */
export const mostLines = 200;

export const lineColumns = `action_id, agent_id, headline, summary->>'severity' AS severity, stage_group, stage, state, opened_at, deadline_at`;

/**
 * A list reads only as far as its lines need. `near` is what may belong to it, the first `$3` by deadline and taken from indexes; `seen` is what
 * does belong to it, as a condition on the row `a`. However many more there are, they cost nothing. `$1`: each on its own. `$2`: only those of the
 * shape that this action has.
 *
 * Where it says `OFFSET 0`, rows are looked up one by one, whatever statistics say: they count all that ever was, and what is open is a small part
 * of it that looks different.
 *
 * Requests of one shape at one stage become the line of the one that is due first. A shape holds its agent; a row without one is like no other.
 */
const linesOf = (near: string, seen: string, received = ''): string => `
  WITH ${received} near AS MATERIALIZED (
    SELECT deadline_at, action_id FROM (${near}) AS each ORDER BY deadline_at, action_id LIMIT $3
  ), placed AS (
    SELECT a.action_id, a.deadline_at, row_number() OVER (PARTITION BY coalesce(shape, a.action_id::text), stage_group ORDER BY deadline_at, action_id) AS place
    FROM (SELECT DISTINCT action_id AS id FROM near) AS once, LATERAL (SELECT * FROM approval WHERE action_id = once.id OFFSET 0) AS a
    WHERE ${seen}
  ), first AS (
    SELECT action_id AS id FROM placed WHERE $1::boolean OR place = 1 ORDER BY deadline_at, action_id LIMIT ${String(mostLines)}
  )
  SELECT reached.near, ${lineColumns}, CASE WHEN $1 OR line.shape IS NULL THEN 1 ELSE (
      SELECT count(*)::int FROM (SELECT * FROM approval WHERE state = 'open' AND shape = line.shape OFFSET 0) AS a
      WHERE a.stage_group IS NOT DISTINCT FROM line.stage_group AND ${seen}) END AS alike
  FROM (SELECT count(*)::int AS near FROM near) AS reached
    LEFT JOIN (first CROSS JOIN LATERAL (SELECT * FROM approval WHERE action_id = first.id OFFSET 0) AS line) ON true
  ORDER BY deadline_at, action_id`;

const nearest = (where: string): string =>
  `SELECT deadline_at, action_id FROM approval WHERE state = 'open' AND ${where} ORDER BY deadline_at, action_id LIMIT $3`;

const isLike = `shape = (SELECT shape FROM approval WHERE action_id = $2)`;
const isOpen = `a.state = 'open' AND ($2::uuid IS NULL OR a.${isLike})`;

const isStanding = 'd.ended_at IS NULL AND d.until > now()';

/** Each vote, and each seat that is given, moves the version: of what has its first one there is none to look for. */
const isFree = `(a.version = 1
  OR NOT EXISTS (SELECT FROM delegation d WHERE d.action_id = a.action_id AND d.plan_no = a.plan_no AND d.giver = $5 AND ${isStanding} OFFSET 0)
    AND NOT EXISTS (SELECT FROM vote v WHERE v.action_id = a.action_id AND v.plan_no = a.plan_no AND $5 IN (v.person, v.seat_of) OFFSET 0))`;

/** Within the limits `$6`, the highest of each currency. Cheap, because a group may have much that is beyond those of one of its people. */
const isWithin = '(stage_min_currency IS NULL OR stage_min_minor <= ($6::jsonb->>stage_min_currency)::bigint)';

/** Of the approval `a`, in groups or by name `$4`, to the person `$5`. */
const waits = `${isOpen}
  AND (a.stage_group = ANY($4::text[]) OR a.asked && $4::text[] OR a.action_id IN (SELECT action_id FROM received))
  AND a.deadline_at > now() AND NOT ($5 = ANY(a.excluded)) AND ${isWithin} AND ${isFree}`;

const received = `received AS MATERIALIZED (
    SELECT p.deadline_at, p.action_id FROM delegation d JOIN approval p USING (action_id, plan_no)
    WHERE d.receiver = $5 AND ${isStanding} AND p.state = 'open'
  ),`;

/** Each group by itself, so that each is read in the order of its deadlines. */
const nearPerson = `
  SELECT of_group.* FROM unnest($4::text[]) AS party (id),
    LATERAL (${nearest(`stage_group = party.id AND deadline_at > now() AND ${isWithin}`)}) AS of_group
  UNION ALL (${nearest(`asked && $4::text[] AND deadline_at > now() AND ${isWithin}`)})
  UNION ALL SELECT deadline_at, action_id FROM received`;

/** Of the approval `a`, in sight of the groups `$4`; of all where that is null. */
const isInSight = `${isOpen} AND a.stage_group IS NOT NULL AND ($4::text[] IS NULL OR a.people_groups && $4)`;

const nearSight = nearest('stage_group IS NOT NULL AND ($4::text[] IS NULL OR people_groups && $4)');

/** What waits for a person. */
export const selectWaiting = {
  all: linesOf(nearPerson, waits, received),
  like: linesOf(nearest(isLike), waits, received),
};

/** What somebody may look at. */
export const selectOpen = { all: linesOf(nearSight, isInSight), like: linesOf(nearest(isLike), isInSight) };
