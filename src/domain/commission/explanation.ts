import type { Language } from '../kernel/language';
import type { CommissionFacts } from './explanation-facts';
import { type ExplanationParts, explanationParts } from './explanation-parts';
import { type Reader, storyText } from './explanation-story';

export type Explanation = ExplanationParts & { text: string };

/**
 * Explains one commission from its stored facts, calculated again and compared (`verified`).
 * @param reader who earns it is told nothing of what others earn on the line
 */
export function explain(
  facts: CommissionFacts,
  language: Language,
  reader: Reader = 'shop',
): Explanation {
  const parts = explanationParts(facts, language);
  return { ...parts, text: storyText(parts, facts, { language, reader }) };
}
