import { hash, verify } from '@node-rs/argon2';
import { ProtocolRefusal } from './problem';

// OWASP ASVS 5.0 appendix C: argon2id with t = 2 needs at least 19 MiB.
const memoryKib = 19_456;
const passes = 2;
/** Of the argon2 variants the library's default is argon2id. */
const options = {
  memoryCost: memoryKib,
  timeCost: passes,
  parallelism: 1,
} as const;

export function hashPassword(password: string): Promise<string> {
  return hash(password, options);
}

/** Compares passwords, a few at a time: sign-ins must not take all processors. */
export interface PasswordChecker {
  /**
   * False for an unknown person too, after the same work as for a wrong password.
   * @throws ProtocolRefusal busy when too many wait already
   */
  matches(passwordHash: string | undefined, password: string): Promise<boolean>;
}

const atOnce = 2;
const waitingAtMost = 32;

export function createPasswordChecker(): PasswordChecker {
  let running = 0;
  const waiting: (() => void)[] = [];
  // Compared with when nobody has the e-mail address, so that time tells nothing.
  const nobody = hashPassword('nobody has this password');
  const enter = async (): Promise<void> => {
    if (running < atOnce) {
      running += 1;
      return;
    }
    if (waiting.length >= waitingAtMost) {
      throw new ProtocolRefusal('busy', 'too many sign-ins at once', {
        headers: { 'Retry-After': '1' },
      });
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  };
  return {
    matches: async (passwordHash, password) => {
      await enter();
      try {
        const right = await verify(passwordHash ?? (await nobody), password);
        return right && passwordHash !== undefined;
      } finally {
        leave();
      }
    },
  };
}
