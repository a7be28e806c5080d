import {
  caseText,
  countedStatuses,
  type LastCase,
  needsCase,
  outsideStatuses,
  type SponsorTree,
  thresholdsAt,
  type TreeThreshold,
} from '../domain/commission/compliance';
import { addDays } from '../domain/kernel/clock';
import { onceADay, type Round } from './daily';
import type { Database, Tx } from './database';
import { programById, type ProgramRow } from './program';
import { openReview } from './review';

/** A case that a sweep opened. */
export interface OpenedCase extends SponsorTree {
  reviewId: string;
  threshold: TreeThreshold['name'];
}

const caseDays = 14;
/** The largest trees first; what is left over is found by the next sweep. */
const treesAtMost = 1000;

/** The run-time twin of the guard: once a day every sponsor tree of a program is measured. */
export async function sweepDaily(db: Database, round: Round): Promise<void> {
  await beginSweeps(db, round);
  await onceADay(db, 'compliance', round, async (tx) => {
    await sweepTrees(tx, await programById(tx, round.programId), round.until);
  });
}

/**
 * Opens a case for every sponsor tree that is over a threshold and has none: not again while one is
 * open, nor after a decision, unless the tree has grown since.
 * @param now the moment of the program's clock
 */
export async function sweepTrees(tx: Tx, program: ProgramRow, now: Date): Promise<OpenedCase[]> {
  await lockSweeps(tx, program, now);
  const opened: OpenedCase[] = [];
  for (const threshold of thresholdsAt(now)) {
    const trees = await treesOver(tx, program.id, threshold);
    const cases = await lastCases(tx, trees, threshold);
    for (const tree of trees) {
      if (!needsCase(tree, threshold, cases.get(tree.rootDistributorId))) continue;
      const reviewId = await openCase(tx, program, { tree, threshold, now });
      opened.push({ ...tree, reviewId, threshold: threshold.name });
    }
  }
  return opened;
}

/** The first sweep looks at everything since the program began, so it does not wait for a second. */
async function beginSweeps(db: Database, { programId }: Round): Promise<void> {
  const known = await db.read.first(
    `SELECT 1 FROM program_sweep WHERE program_id = $1 AND name = 'compliance'`,
    [programId],
  );
  if (known !== undefined) return;
  await db.read.run(
    `INSERT INTO program_sweep (program_id, name, done_until)
     SELECT id, 'compliance', starts_at FROM program WHERE id = $1
     ON CONFLICT (program_id, name) DO NOTHING`,
    [programId],
  );
}

/** Two sweeps at the same moment would both find no case. */
async function lockSweeps(tx: Tx, { id }: ProgramRow, now: Date): Promise<void> {
  await tx.run(
    `INSERT INTO program_sweep (program_id, name, done_until) VALUES ($1, 'compliance', $2)
     ON CONFLICT (program_id, name) DO NOTHING`,
    [id, now],
  );
  await tx.run(
    `SELECT 1 FROM program_sweep WHERE program_id = $1 AND name = 'compliance' FOR UPDATE`,
    [id],
  );
}

/**
 * Trees by their roots, the merchant counted as the first level and one person. Whoever left holds
 * the tree together until his downlines have moved, and is not counted. A walk from the roots down
 * along the index of sponsors ends: nobody stands under two. The other ways to join are off while it
 * runs: a planner that knows one sponsor with 100,000 people would read the whole table for each.
 */
async function treesOver(
  tx: Tx,
  programId: string,
  { people, levels }: TreeThreshold,
): Promise<SponsorTree[]> {
  await planByIndex(tx, true);
  const trees = await tx.rows<SponsorTree>(
    `WITH RECURSIVE tree AS (
       SELECT d.id AS root, d.id, (d.status = ANY($2))::int AS counted,
         (d.status = ANY($2))::int AS depth
       FROM distributor d
       WHERE d.program_id = $1 AND d.status <> ALL($3) AND d.sponsor_id IS NULL
       UNION ALL
       SELECT t.root, d.id, (d.status = ANY($2))::int, t.depth + (d.status = ANY($2))::int
       FROM tree t JOIN distributor d ON d.sponsor_id = t.id
       WHERE d.status <> ALL($3)
     )
     SELECT root AS root_distributor_id, (sum(counted) + 1)::int AS people,
       (max(depth) + 1)::int AS levels
     FROM tree GROUP BY root
     HAVING sum(counted) + 1 >= $4 AND max(depth) + 1 >= $5
     ORDER BY people DESC, root LIMIT ${treesAtMost}`,
    [programId, countedStatuses, outsideStatuses, people, levels],
  );
  await planByIndex(tx, false);
  return trees;
}

async function planByIndex(tx: Tx, only: boolean): Promise<void> {
  await tx.run(
    `SELECT set_config(name, $1, true)
     FROM unnest(ARRAY['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin']) AS name`,
    [only ? 'off' : 'on'],
  );
}

async function lastCases(
  read: Tx,
  trees: readonly SponsorTree[],
  threshold: TreeThreshold,
): Promise<Map<string, LastCase>> {
  const rows = await read.rows<LastCase & { subjectId: string }>(
    `SELECT DISTINCT ON (subject_id) subject_id, status, (facts ->> 'people')::int AS people
     FROM review_task
     WHERE kind = 'compliance' AND subject_id = ANY($1) AND facts ->> 'threshold' = $2
     ORDER BY subject_id, (status = 'open') DESC, id DESC`,
    [trees.map(({ rootDistributorId }) => rootDistributorId), threshold.name],
  );
  return new Map(rows.map(({ subjectId, ...last }) => [subjectId, last]));
}

function openCase(
  tx: Tx,
  { id, storeId }: ProgramRow,
  { tree, threshold, now }: { tree: SponsorTree; threshold: TreeThreshold; now: Date },
): Promise<string> {
  const { name, people, levels, source } = threshold;
  return openReview(tx, {
    storeId,
    programId: id,
    kind: 'compliance',
    subjectId: tree.rootDistributorId,
    dueAt: addDays(now, caseDays),
    facts: {
      ...tree,
      threshold: name,
      thresholdPeople: people,
      thresholdLevels: levels,
      source,
      text: caseText(tree),
    },
    createdAt: now,
  });
}
