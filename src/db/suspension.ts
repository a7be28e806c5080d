import type { LifeFacts, SuspensionReason } from '../domain/distributor/action';
import { decideWithinDays } from '../domain/distributor/inactivity';
import type { DistributorStatus } from '../domain/distributor/state';
import { addDays } from '../domain/kernel/clock';
import { distributorAccount } from '../domain/ledger/account';
import { resumeMoney, reverseAsDecided } from './appeal';
import type { Tx } from './database';
import { decidedLife, isAppealed, type LifeDecision, openWindow } from './eviction';
import {
  type CaseRow,
  closeCase,
  closeCases,
  type Life,
  moveLife,
  openCase,
  openCaseOf,
  tell,
} from './life-case';
import { mustBePossible } from './life-action';
import { lifeWorkflow, wakeLife } from './life-workflow';
import { openReview } from './review';

export interface SuspensionInput {
  reasonCode: SuspensionReason;
  reason: string;
}

/**
 * Suspends a distributor at once: commissions go on being held, are not settled, and payouts that
 * were not submitted pause. A review of kind suspension confirms or lifts it; what was under way for
 * inactivity, and a departure, ends.
 * @throws Refusal not_possible_now
 */
export async function suspend(
  tx: Tx,
  life: Life,
  input: SuspensionInput,
): Promise<{ opened: CaseRow; before: LifeFacts }> {
  const { distributor, program, at } = life;
  const before = await mustBePossible(tx, life, 'suspensions');
  await closeCases(tx, life, ['eviction', 'appeal', 'departure'], 'suspended');
  await moveLife(tx, life, 'suspended', input.reason);
  const reviewId = await openReview(tx, {
    ...{ storeId: program.storeId, programId: program.id, kind: 'suspension' },
    subjectId: distributor.id,
    workflowId: lifeWorkflow(distributor.id).workflowId,
    dueAt: addDays(at, decideWithinDays),
    facts: {
      ...{
        distributorId: distributor.id,
        reasonCode: input.reasonCode,
        statusBefore: before.status,
      },
      suspendedBy: life.actor,
      ...(await heldFacts(tx, life)),
    },
    createdAt: at,
  });
  const opened = await openCase(tx, life, { kind: 'suspension', reviewId, ...input });
  await tell(tx, life, {
    ...{ event: 'distributor.suspended', notice: 'suspended', subjectId: opened.id },
    params: { reasonCode: input.reasonCode, reason: input.reason },
  });
  await wakeLife(tx, distributor.id);
  return { opened, before };
}

/** What money the suspension stops: amounts of fen as decimal texts. */
async function heldFacts(read: Tx, { distributor, program }: Life) {
  const codes = (['held', 'available'] as const).map((role) =>
    distributorAccount(distributor.id, role),
  );
  const rows = await read.rows<{ role: string; balance: bigint }>(
    'SELECT role, balance FROM ledger_account WHERE program_id = $1 AND code = ANY($2)',
    [program.id, codes],
  );
  return Object.fromEntries(rows.map(({ role, balance }) => [`${role}Amount`, String(balance)]));
}

/**
 * What the decision about a suspension does: rejected, it is lifted and the money goes on; approved,
 * it is confirmed, what the decider takes back of the commissions is reversed, the window to appeal
 * begins, and at its end the person is out.
 * @throws Refusal nothing_to_reverse
 */
export async function decideSuspension(tx: Tx, decided: LifeDecision): Promise<DistributorStatus> {
  const { distributorId, outcome, reason, reviewId } = decided;
  const life = await decidedLife(tx, decided);
  const open = await openCaseOf(tx, distributorId, 'suspension');
  if (open?.reviewId !== reviewId) return life.distributor.status;
  if (outcome === 'reject') {
    await closeCases(tx, life, ['appeal'], 'moot');
    await closeCase(tx, life, open, 'lifted');
    await moveLife(tx, life, 'suspension_lifted', reason);
    await tell(tx, life, {
      ...{ event: 'distributor.reinstated', notice: 'suspension_lifted', subjectId: open.id },
      params: { cause: 'suspension_lifted', reason },
    });
    await resumeMoney(tx, distributorId);
  } else {
    await confirm(tx, life, { decided, open });
  }
  await wakeLife(tx, distributorId);
  return life.distributor.status;
}

async function confirm(
  tx: Tx,
  life: Life,
  { decided, open }: { decided: LifeDecision; open: CaseRow },
): Promise<void> {
  const { reason } = decided;
  // Once there is an appeal it decides, and no window runs beside it.
  const endsAt = (await isAppealed(tx, open.id)) ? null : await openWindow(tx, life, open);
  await tell(tx, life, {
    ...{ notice: 'suspension_confirmed', subjectId: open.id },
    params: { reason, until: endsAt?.toISOString() ?? null },
  });
  await reverseAsDecided(tx, life, { decided, cause: open });
}
