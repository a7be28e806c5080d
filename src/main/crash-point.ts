/** A place where a test may kill or freeze the process. */
export type CrashPoint = (name: string) => void;

const signals = { TRIBUTARY_CRASH_AT: 'SIGKILL', TRIBUTARY_FREEZE_AT: 'SIGSTOP' } as const;

/**
 * Reads TRIBUTARY_CRASH_AT and TRIBUTARY_FREEZE_AT, `<point>` or `<point>:<n>`: the process kills
 * itself with SIGKILL, or stops until somebody sends SIGCONT, when it comes to that point for the n-th
 * time (1 when left out). Without the settings it does nothing. The survival tests use them; nobody
 * else should.
 */
export function crashPointFrom(env: NodeJS.ProcessEnv): CrashPoint {
  const blows = (Object.keys(signals) as (keyof typeof signals)[]).flatMap((name) =>
    blowOf(env[name], signals[name]),
  );
  return (name) => {
    for (const blow of blows) blow(name);
  };
}

function blowOf(setting: string | undefined, signal: NodeJS.Signals): CrashPoint[] {
  if (setting === undefined || setting === '') return [];
  const [point = '', times = '1'] = setting.split(':');
  let left = Number(times);
  const blow: CrashPoint = (name) => {
    if (name !== point) return;
    left -= 1;
    // Nothing is flushed, closed or answered: as if the power had gone.
    if (left === 0) process.kill(process.pid, signal);
  };
  return [blow];
}
