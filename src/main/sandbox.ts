import { z } from 'zod';
import { startSandbox } from './sandbox/server';

/** What the sandbox provider reads from its environment; it shares nothing else with the product. */
const Settings = z.object({
  SANDBOX_HOST: z.string().default('127.0.0.1'),
  SANDBOX_PORT: z.coerce.number().int().min(0).max(65_535).default(8090),
  SANDBOX_DATA_DIR: z.string().min(1).default('.local/sandbox'),
  SANDBOX_SECRET: z
    .string({ error: 'is missing: the secret that the product signs with, at least 16 characters' })
    .min(16),
  // 1: tests may make it fail (POST /faults, POST /balances). Never set it anywhere else.
  SANDBOX_FAULTS: z.enum(['0', '1']).default('0'),
});

async function main(): Promise<void> {
  const settings = Settings.safeParse(process.env);
  if (!settings.success) {
    process.stderr.write(`sandbox: the settings are wrong\n${z.prettifyError(settings.error)}\n`);
    process.exitCode = 1;
    return;
  }
  const { SANDBOX_HOST, SANDBOX_PORT, SANDBOX_DATA_DIR, SANDBOX_SECRET } = settings.data;
  const sandbox = await startSandbox({
    host: SANDBOX_HOST,
    port: SANDBOX_PORT,
    dataDir: SANDBOX_DATA_DIR,
    secret: SANDBOX_SECRET,
    faults: settings.data.SANDBOX_FAULTS === '1',
  });
  process.stdout.write(`sandbox: listening on ${sandbox.url}\n`);
  const stop = () => void sandbox.stop().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

main().catch((error: unknown) => {
  process.stderr.write(`sandbox: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
