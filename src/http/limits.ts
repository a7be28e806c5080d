import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { ProtocolRefusal } from './problem';

/** Headers of the IETF draft "RateLimit header fields for HTTP" (a draft, not an RFC). */
export type LimitHeaders = Readonly<Record<string, string>>;

export interface Limiter {
  /** Counts one use. @throws ProtocolRefusal rate_limited with Retry-After */
  use(key: string): Promise<LimitHeaders>;
  /** Forgets the uses of a key. */
  forget(key: string): Promise<void>;
}

/** So many uses per window and key, counted in this process. */
export function createLimiter(name: string, uses: number, windowSeconds: number): Limiter {
  const limiter = new RateLimiterMemory({ points: uses, duration: windowSeconds });
  const policy = `"${name}";q=${uses};w=${windowSeconds}`;
  const headers = (result: RateLimiterRes): LimitHeaders => ({
    'RateLimit-Policy': policy,
    RateLimit: `"${name}";r=${result.remainingPoints};t=${Math.ceil(result.msBeforeNext / 1000)}`,
  });
  return {
    use: async (key) => {
      try {
        return headers(await limiter.consume(key));
      } catch (error) {
        if (!(error instanceof RateLimiterRes)) throw error;
        const seconds = Math.max(1, Math.ceil(error.msBeforeNext / 1000));
        throw new ProtocolRefusal('rate_limited', `wait ${seconds} s`, {
          headers: { ...headers(error), 'Retry-After': String(seconds) },
        });
      }
    },
    forget: async (key) => {
      await limiter.delete(key);
    },
  };
}
