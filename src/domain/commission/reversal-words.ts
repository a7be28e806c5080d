import type { Language } from '../kernel/language';
import type { ExplainedReversal } from './reversal';

interface Formats {
  money(amount: bigint): string;
  at(moment: Date): string;
}

/** What a decision took back of a commission, and gave back, in one or two sentences. */
export function reversalText(
  { at, reason, takenAmount, restoredAt, restoredAmount }: ExplainedReversal,
  format: Formats,
  language: Language,
): string {
  const taken = format.money(takenAmount);
  const restored = format.money(restoredAmount ?? 0n);
  if (language === 'en') {
    const reversed = `On ${format.at(at)} a decision took ${taken} back. Reason: ${reason}`;
    return restoredAt === null
      ? reversed
      : `${reversed} On ${format.at(restoredAt)} ${restored} was given back.`;
  }
  const reversed = `${format.at(at)} 经审核决定撤销 ${taken}，原因：${reason}。`;
  return restoredAt === null
    ? reversed
    : `${reversed}${format.at(restoredAt)} 已恢复 ${restored}。`;
}

/** The same for all reversals of a commission. */
export function reversalTexts(
  reversals: readonly ExplainedReversal[],
  format: Formats,
  language: Language,
): string[] {
  return reversals.map((reversal) => reversalText(reversal, format, language));
}
