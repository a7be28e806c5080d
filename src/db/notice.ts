import type { NoticeParams, NoticeTemplate } from '../domain/distributor/notice';
import { Refusal } from '../domain/kernel/refusal';
import { insertMany } from './bulk';
import type { Tx } from './database';
import { newId } from './id';

export interface NewNotice {
  programId: string;
  distributorId: string;
  template: NoticeTemplate;
  params: NoticeParams;
  /** what it is about, for example a review's id: of one subject a template is told once */
  subjectId: string;
  /** on the program's clock */
  at: Date;
}

/** A notice as it is stored. */
export interface NoticeRow extends NewNotice {
  id: string;
  readAt: Date | null;
}

/** Writes in-app notices in the transaction of what they tell; the same one again changes nothing. */
export async function notify(tx: Tx, ...notices: readonly NewNotice[]): Promise<void> {
  const rows = notices.map((notice) => ({ id: newId('notice'), ...notice }));
  await insertMany(
    tx,
    'notice',
    noticeColumns,
    rows,
    'ON CONFLICT (distributor_id, template, subject_id) DO NOTHING',
  );
}

const noticeColumns = {
  id: 'text',
  programId: 'text',
  distributorId: 'text',
  template: 'text',
  params: 'jsonb',
  subjectId: 'text',
  at: 'timestamptz',
} as const;

/** The notices of a distributor, the latest first, before a cursor. */
export function noticesOf(
  read: Tx,
  distributorId: string,
  {
    limit,
    before,
    unread,
  }: { limit: number; before: string | undefined; unread?: boolean | undefined },
): Promise<NoticeRow[]> {
  return read.rows<NoticeRow>(
    `SELECT * FROM notice WHERE distributor_id = $1 AND ($2::text IS NULL OR id < $2)
       AND ($4::boolean IS NULL OR (read_at IS NULL) = $4)
     ORDER BY id DESC LIMIT $3`,
    [distributorId, before ?? null, limit, unread ?? null],
  );
}

/**
 * Says that a notice was read; the first time counts.
 * @param read.at on the program's clock
 * @throws Refusal `not_found`
 */
export async function markNoticeRead(
  tx: Tx,
  read: { id: string; distributorId: string; at: Date },
): Promise<NoticeRow> {
  const notice = await tx.first<NoticeRow>(
    `UPDATE notice SET read_at = coalesce(read_at, $3) WHERE id = $1 AND distributor_id = $2
     RETURNING *`,
    [read.id, read.distributorId, read.at],
  );
  if (notice === undefined) throw new Refusal('not_found', 'There is no such notice.');
  return notice;
}
