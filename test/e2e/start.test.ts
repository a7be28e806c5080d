import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { readFileSync, rmSync, statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { freePort, isAlive, pause, until } from '../../src/main/servers/process';
import { testClient } from '../support/http';
import { root, testFolder } from '../support/servers';

const readyWithinMs = 90_000;
const dataDir = join(testFolder, `start-${process.pid}`);

/** `npm start` as a process; the folder of its data is this test's own. */
function start(port: number) {
  const child = spawn(process.execPath, ['scripts/run.mjs', 'src/main/start.ts'], {
    cwd: root,
    env: {
      ...process.env,
      TRIBUTARY_DATA_DIR: dataDir,
      PORT: String(port),
      DATABASE_URL: '',
      TEMPORAL_ADDRESS: '',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const ready = async () => {
    const deadline = Date.now() + readyWithinMs;
    while (!output.includes('Tributary is ready')) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(output);
      await pause(50);
    }
  };
  return { child, ended, ready, output: () => output };
}

function credentials(): Record<string, string> {
  return JSON.parse(readFileSync(join(dataDir, 'credentials.json'), 'utf8'));
}

describe('npm start', () => {
  let port: number;
  let running: ReturnType<typeof start>;
  beforeAll(async () => {
    port = await freePort();
    running = start(port);
    await running.ready();
  }, 900_000);
  afterAll(async () => {
    running.child.kill('SIGTERM');
    await running.ended;
    rmSync(dataDir, { recursive: true, force: true });
  }, 30_000);

  it('writes credentials that only their owner may read, and that work', async () => {
    const found = credentials();
    expect(statSync(join(dataDir, 'credentials.json')).mode & 0o777).toBe(0o600);
    expect(Object.keys(found).sort()).toEqual([
      'adminEmail',
      'adminPassword',
      'adminToken',
      'apiKey',
      'baseUrl',
      'programId',
      'sandboxUrl',
      'secondAdminToken',
    ]);
    const shop = testClient(found['baseUrl']!, found['apiKey']);
    const program = await shop.get(`/v1/programs/${found['programId']}`);
    expect(program.body).toMatchObject({ id: found['programId'], mode: 'test' });
    for (const token of [found['adminToken'], found['secondAdminToken']]) {
      expect((await shop.as(token).get('/v1/admins')).body.data).toHaveLength(2);
    }
    const signedIn = await shop.as(undefined).post('/v1/admin/sessions', {
      email: found['adminEmail'],
      password: found['adminPassword'],
    });
    expect(signedIn.status).toBe(201);
    const channels = await shop.get('/v1/channels');
    expect(channels.body.data).toMatchObject([{ kind: 'sandbox' }]);
    expect((await fetch(`${found['sandboxUrl']}/books`)).status).toBe(200);
  });

  it('refuses to run twice in one folder, in words', async () => {
    const second = start(await freePort());
    expect(await second.ended).toBe(1);
    expect(second.output()).toMatch(/runs here already \(process \d+\)/);
  }, 30_000);

  it('starts a part again that was killed', async () => {
    const shop = testClient(`http://127.0.0.1:${port}`, credentials()['apiKey']);
    const api = childProcesses(running.child.pid!).find(({ line }) => line.includes('main/api.ts'));
    process.kill(api!.pid, 'SIGKILL');
    const deadline = Date.now() + 30_000;
    let answer = 0;
    while (answer !== 200 && Date.now() < deadline) {
      await pause(200);
      answer = await shop.get('/v1/programs').then(
        ({ status }) => status,
        () => 0,
      );
    }
    expect(answer).toBe(200);
    expect(running.output()).toMatch(/the api ended \(SIGKILL\)/);
  }, 60_000);

  it('stops within ten seconds, leaves nothing behind, and finds all data again', async () => {
    const before = credentials();
    const children = childProcesses(running.child.pid!);
    expect(children.length).toBeGreaterThanOrEqual(5);
    const asked = Date.now();
    running.child.kill('SIGINT');
    expect(await running.ended).toBe(0);
    expect(Date.now() - asked).toBeLessThan(10_000);
    // The compiler that tsx had started needs a moment to see that its parent is gone.
    const left = () => children.filter(({ pid }) => isAlive(pid)).map(({ line }) => line);
    await until(() => left().length === 0, 10_000, 'a child is still alive').catch(() => undefined);
    expect(left()).toEqual([]);

    running = start(port);
    await running.ready();
    expect(credentials()).toEqual({ ...before, sandboxUrl: credentials()['sandboxUrl'] });
    const shop = testClient(before['baseUrl']!, before['apiKey']);
    expect((await shop.get(`/v1/programs/${before['programId']}`)).status).toBe(200);
  }, 120_000);
});

describe('npm start on a taken port', () => {
  it('says so and ends, before anything is started', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    const port = await new Promise<number>((resolve) =>
      other.once('listening', () => resolve((other.address() as AddressInfo).port)),
    );
    rmSync(dataDir, { recursive: true, force: true });
    const refused = start(port);
    expect(await refused.ended).toBe(1);
    expect(refused.output()).toContain(`port ${port} is taken`);
    other.close();
    rmSync(dataDir, { recursive: true, force: true });
  }, 30_000);

  it('tells a wrong setting by name and ends', async () => {
    const refused = start(123_456);
    expect(await refused.ended).not.toBe(0);
    expect(refused.output()).toMatch(/PORT is not a whole number.+for example PORT=8080/);
    rmSync(dataDir, { recursive: true, force: true });
  }, 30_000);
});

/** Direct children of a process. */
function childProcesses(parent: number): { pid: number; line: string }[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .flatMap((match) =>
      match !== null && Number(match[2]) === parent
        ? [{ pid: Number(match[1]), line: match[3] ?? '' }]
        : [],
    );
}
