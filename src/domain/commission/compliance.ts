import type { Language } from '../kernel/language';
import type { DistributorStatus } from '../distributor/state';

/** A sponsor tree as it stands, counted from the merchant: he is the first level and one person. */
export interface SponsorTree {
  rootDistributorId: string;
  people: number;
  levels: number;
}

/** From when on which size of a tree is looked at by a person. Dated data; a change is a new row. */
export interface TreeThreshold {
  name: 'prosecution';
  from: Date;
  people: number;
  levels: number;
  /** a tree that was decided about is looked at again when it grew by so many people */
  growth: number;
  source: Readonly<Record<Language, string>>;
}

const thresholds: readonly TreeThreshold[] = [
  {
    name: 'prosecution',
    from: new Date('2013-11-14T00:00:00+08:00'),
    people: 30,
    levels: 3,
    growth: 30,
    source: {
      en:
        '公通字〔2013〕37号: 30 people and 3 levels, the organiser and his own level included; ' +
        'administrative offences (禁止传销条例, art. 7) have no such threshold',
      'zh-CN':
        '公通字〔2013〕37号：三十人以上且三级以上，含组织者本人及其本级；行政违法（《禁止传销条例》第七条）没有该门槛',
    },
  },
];

/** Statuses of people who belong to a tree; others hold its parts together, but are not counted. */
export const countedStatuses: readonly DistributorStatus[] = [
  'active',
  'warned',
  'eviction_proposed',
  'appeal_window',
  'appealed',
  'suspended',
];

/** Statuses of people who never came in. */
export const outsideStatuses: readonly DistributorStatus[] = [
  'applied',
  'under_review',
  'rejected',
];

/** The thresholds that count at a moment: of each name the latest. */
export function thresholdsAt(
  moment: Date,
  rows: readonly TreeThreshold[] = thresholds,
): TreeThreshold[] {
  const latest = new Map<string, TreeThreshold>();
  for (const row of rows) {
    const known = latest.get(row.name);
    if (row.from <= moment && (known === undefined || known.from < row.from)) {
      latest.set(row.name, row);
    }
  }
  return [...latest.values()];
}

/** What is known of the last case about a tree and a threshold. */
export interface LastCase {
  status: 'open' | 'decided';
  people: number;
}

/** Whether a tree needs a person's look: over both marks, and not the size that was looked at. */
export function needsCase(
  tree: SponsorTree,
  threshold: TreeThreshold,
  last: LastCase | undefined,
): boolean {
  if (tree.people < threshold.people || tree.levels < threshold.levels) return false;
  if (last === undefined) return true;
  return last.status === 'decided' && tree.people >= last.people + threshold.growth;
}

/** What the admin reads, in one sentence of each language. */
export function caseText({ people, levels }: SponsorTree): Record<Language, string> {
  return {
    en:
      `This sponsor tree has ${levels} levels and ${people} people, the merchant counted: ` +
      'a size at which there is a risk of criminal prosecution.',
    'zh-CN': `该推荐关系树计入商户共 ${levels} 级、${people} 人，已达到存在刑事追诉风险的规模。`,
  };
}
