const lookEveryMs = 500;

/**
 * Resolves at Ctrl-C, SIGTERM, when the terminal is closed, and when the npm that started this process
 * is gone: nobody could stop it any more.
 */
export function stopRequest(env: NodeJS.ProcessEnv): { requested: Promise<undefined> } {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const requested = new Promise<undefined>((resolve) => {
    for (const signal of signals) process.on(signal, () => resolve(undefined));
    if (env['npm_lifecycle_event'] === undefined) return;
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent) resolve(undefined);
    }, lookEveryMs).unref();
  });
  return { requested };
}
