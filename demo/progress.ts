/** Tells a person what goes on. */
export interface Progress {
  /** A heading: what begins now. */
  step(text: string): void;
  /** How far it is; shown at most a few times a second on a terminal, seldom in a file. */
  at(done: number, total: number, what: string): void;
  /** A line that stays. */
  say(text: string): void;
}

const terminalEveryMs = 200;
const plainEveryMs = 5000;

/** On a terminal one line is written over and over; into a file or a pipe go plain lines. */
export function progressOn(stream: NodeJS.WriteStream): Progress {
  const everyMs = stream.isTTY ? terminalEveryMs : plainEveryMs;
  let lastAt = Date.now();
  let pending = false;
  const clear = () => {
    if (pending) stream.write('\r\u001b[2K');
    pending = false;
  };
  const say = (text: string) => {
    clear();
    stream.write(`${text}\n`);
  };
  return {
    say,
    step: (text) => {
      lastAt = Date.now();
      say(`\n${text}`);
    },
    at: (done, total, what) => {
      const now = Date.now();
      const last = done >= total;
      if (!last && now - lastAt < everyMs) return;
      lastAt = now;
      const line = `  ${done} of ${total} ${what}`;
      if (!stream.isTTY) {
        stream.write(`${line}\n`);
        return;
      }
      clear();
      stream.write(line);
      pending = true;
      if (last) {
        stream.write('\n');
        pending = false;
      }
    },
  };
}
