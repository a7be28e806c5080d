import { Context } from '@temporalio/activity';

const heartbeatMs = 2000;

/** Tells Temporal that the work goes on, however long a single transaction takes. */
export async function alive<T>(work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), heartbeatMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
