/** A place where a test may kill the process. */
export type CrashPoint = (name: string) => void;

const nothing: CrashPoint = () => undefined;

/**
 * Reads TRIBUTARY_CRASH_AT, `<point>` or `<point>:<n>`: the process kills itself with SIGKILL when it
 * comes to that point for the n-th time (1 when left out). Without the setting it does nothing. The
 * survival tests use it; nobody else should.
 */
export function crashPointFrom(env: NodeJS.ProcessEnv): CrashPoint {
  const setting = env['TRIBUTARY_CRASH_AT'];
  if (setting === undefined || setting === '') return nothing;
  const [point = '', times = '1'] = setting.split(':');
  let left = Number(times);
  return (name) => {
    if (name !== point) return;
    left -= 1;
    // Nothing is flushed, closed or answered: as if the power had gone.
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
}
