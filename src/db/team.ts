import type { Tx } from './database';

export interface TeamRow {
  id: string;
  code: string;
  name: string;
  tier: string;
  status: string;
  sponsorId: string;
  joinedAt: Date;
  /** 1: sponsored by the distributor itself */
  level: number;
}

/** Whose team, and how deep: 1 is whom it sponsors itself. */
export interface Team {
  programId: string;
  distributorId: string;
  depth: number;
}

const memberColumns = 'd.id, d.code, d.name, d.tier, d.status, d.sponsor_id, d.joined_at';

/** The people below a distributor down to a depth, level by level, beyond a cursor. */
export async function teamOf(
  read: Tx,
  team: Team,
  { limit, after }: { limit: number; after: { level: number; id: string } },
): Promise<TeamRow[]> {
  const first = after.level > 1 ? [] : await directsOf(read, team, { limit, after: after.id });
  if (first.length === limit || team.depth === 1) return first;
  const beyond = after.level > 1 ? after : { level: 1, id: lastId };
  return [...first, ...(await deeperOf(read, team, { limit: limit - first.length, beyond }))];
}

/** Sorts behind every id. */
const lastId = '~';

/** The first level comes from an index in its order, however many there are. */
function directsOf(
  read: Tx,
  { programId, distributorId }: Team,
  { limit, after }: { limit: number; after: string },
): Promise<TeamRow[]> {
  return read.rows<TeamRow>(
    `SELECT ${memberColumns}, 1 AS level FROM distributor d
     WHERE d.program_id = $1 AND d.sponsor_id = $2 AND d.id > $3 ORDER BY d.id LIMIT $4`,
    [programId, distributorId, after, limit],
  );
}

function deeperOf(
  read: Tx,
  { distributorId, depth }: Team,
  { limit, beyond }: { limit: number; beyond: { level: number; id: string } },
): Promise<TeamRow[]> {
  return read.rows<TeamRow>(
    `WITH RECURSIVE team AS (
       SELECT id, 1 AS level FROM distributor WHERE sponsor_id = $1
       UNION ALL
       SELECT d.id, t.level + 1 FROM distributor d JOIN team t ON d.sponsor_id = t.id
       WHERE t.level < $2
     ), shown AS (
       SELECT id, level FROM team WHERE (level, id) > ($3::int, $4::text)
       ORDER BY level, id LIMIT $5
     )
     SELECT ${memberColumns}, s.level FROM shown s JOIN distributor d ON d.id = s.id
     ORDER BY s.level, d.id`,
    [distributorId, depth, beyond.level, beyond.id, limit],
  );
}

/** How many people there are on each level of a team; a level without anybody is left out. */
export interface TeamSums {
  distributors: number;
  levels: { level: number; distributors: number }[];
}

/**
 * Counts a team down to its depth. Directs alone are counted by themselves; deeper, only those who sponsor somebody are walked, each with the number
 * of its directs: most people of a wide tree sponsor nobody.
 */
export async function teamSums(
  read: Tx,
  { programId, distributorId, depth }: Team,
): Promise<TeamSums> {
  const levels = await (depth === 1
    ? countDirects(read, { programId, distributorId })
    : countByLevel(read, { programId, distributorId, depth }));
  return {
    distributors: levels.reduce((total, { distributors }) => total + distributors, 0),
    levels,
  };
}

function countDirects(
  read: Tx,
  { programId, distributorId }: Omit<Team, 'depth'>,
): Promise<TeamSums['levels']> {
  return read.rows(
    `SELECT 1 AS level, count(*)::int AS distributors FROM distributor
     WHERE program_id = $1 AND sponsor_id = $2 HAVING count(*) > 0`,
    [programId, distributorId],
  );
}

function countByLevel(
  read: Tx,
  { programId, distributorId, depth }: Team,
): Promise<TeamSums['levels']> {
  return read.rows(
    `WITH RECURSIVE counted AS MATERIALIZED (
       SELECT sponsor_id AS id, count(*) AS directs FROM distributor
       WHERE program_id = $1 AND sponsor_id IS NOT NULL GROUP BY sponsor_id
     ), sponsor AS MATERIALIZED (
       SELECT c.id, c.directs, d.sponsor_id FROM counted c JOIN distributor d ON d.id = c.id
     ), team AS (
       SELECT id, directs, 1 AS level FROM sponsor WHERE id = $2
       UNION ALL
       SELECT s.id, s.directs, t.level + 1 FROM team t JOIN sponsor s ON s.sponsor_id = t.id
       WHERE t.level < $3
     )
     SELECT level, sum(directs)::int AS distributors FROM team GROUP BY level ORDER BY level`,
    [programId, distributorId, depth],
  );
}
