/** Resolves at Ctrl-C, SIGTERM, or when the terminal is closed. */
export function stopRequest(): { requested: Promise<undefined> } {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const requested = new Promise<undefined>((resolve) => {
    for (const signal of signals) process.on(signal, () => resolve(undefined));
  });
  return { requested };
}
