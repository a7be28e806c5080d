import { until } from '../servers/process';

/** Waits until an address answers 200. @throws after `timeoutMs` */
export function untilAnswers(url: string, timeoutMs: number): Promise<void> {
  return until(() => isFine(url), timeoutMs, `${url} does not answer`, 100);
}

async function isFine(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}
