import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { loadConfig, settingNames } from '../../src/main/config';

interface Service {
  image?: string;
  build?: string;
  restart?: string;
  command?: string[];
  entrypoint?: string[];
  deploy?: { replicas?: number };
  environment?: Record<string, string>;
  healthcheck?: { test?: string[]; interval?: string; timeout?: string; retries?: number };
  depends_on?: Record<string, { condition: string }>;
  stop_grace_period?: string;
  profiles?: string[];
  volumes?: string[];
  ports?: string[];
  read_only?: boolean;
}

const root = join(__dirname, '..', '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const text = read('docker-compose.yml');
const compose = parse(text, { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const services = Object.entries(compose.services);
const exampleNames = [...read('deploy/compose.env.example').matchAll(/^#? ?([A-Z_]+)=(.*)$/gm)];

const oneShot = ([, service]: [string, Service]) => service.restart?.startsWith('on-failure');
const longRunning = services.filter((entry) => !oneShot(entry));

test('the installation has every part that production needs', () => {
  expect(Object.keys(compose.services).sort()).toEqual([
    'api',
    'migrate',
    'postgres',
    'proxy',
    'sandbox',
    'temporal',
    'temporal-namespace',
    'temporal-schema',
    'temporal-ui',
    'worker',
  ]);
  expect(compose.services['api']?.deploy?.replicas).toBe(2);
  expect(compose.services['worker']?.deploy?.replicas).toBe(2);
  expect(compose.services['postgres']?.image).toMatch(/^postgres:18/);
  expect(compose.services['temporal']?.image).toMatch(/^temporalio\/server:/);
});

test('nothing is built from auto-setup or Alpine, and no image floats', () => {
  const dockerfile = read('Dockerfile');
  const built = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image ?? '');
  const images = [...built, ...services.map(([, { image }]) => image ?? '')];
  expect(built).toEqual(['node:22-bookworm-slim', 'node:22-bookworm-slim']);
  expect(images.filter((image) => /auto-setup|alpine/.test(image))).toEqual([]);
  expect(images.filter((image) => !image.includes(':') || image.endsWith(':latest'))).toEqual([]);
  expect(dockerfile).toMatch(/^USER node$/m);
});

describe('secrets', () => {
  const secret = /PASSWORD|PWD|KEY|SECRET|PEPPER|TOKEN/;

  test('come from outside, and the start says which one is missing', () => {
    const given = services.flatMap(([service, { environment = {} }]) =>
      Object.entries(environment)
        .filter(([name]) => secret.test(name))
        .map(([name, value]) => ({ service, name, value })),
    );
    expect(given.length).toBeGreaterThan(10);
    const open = given.filter(({ value }) => !/^\$\{[A-Z_]+:\?[^}]+\}$/.test(value));
    expect(open).toEqual([]);
  });

  test('stand in no address in clear', () => {
    const addresses = [...text.matchAll(/\/\/[^:/\s]+:([^@\s]+(?: [^@]*)?)@/g)];
    expect(addresses.length).toBeGreaterThan(0);
    for (const [, password] of addresses) expect(password).toMatch(/^\$\{[A-Z_]+:\?[^}]+\}$/);
  });

  test('have no default', () => {
    const defaults = [...text.matchAll(/\$\{([A-Z_]+):?-/g)].map(([, name]) => name ?? '');
    expect(defaults.filter((name) => secret.test(name))).toEqual([]);
  });

  test('are in the example without a value', () => {
    const filled = exampleNames.filter(([line, name = '', value]) => {
      return !line.startsWith('#') && secret.test(name) && value !== '';
    });
    expect(filled).toEqual([]);
  });
});

describe('names', () => {
  test('every variable is in the example file, and the other way round', () => {
    const used = [...text.matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name);
    expect([...new Set(used)].sort()).toEqual(exampleNames.map(([, name]) => name).sort());
  });

  test.each(['api', 'worker'])(
    '%s is given settings that it knows, and all it cannot do without',
    (name) => {
      const environment = compose.services[name]?.environment ?? {};
      const unknown = Object.keys(environment).filter(
        (key) => !(settingNames as string[]).includes(key),
      );
      expect(unknown).toEqual([]);
      expect(() => loadConfig(filledIn(environment))).not.toThrow();
    },
  );

  test('what a service starts is in the repository', () => {
    const own = services.filter(([, { build }]) => build !== undefined);
    const files = own.flatMap(([, service]) => [
      ...(service.command ?? []),
      ...(service.healthcheck?.test ?? []),
    ]);
    const named = files.filter((word) => /^(src|deploy)\/\S+$/.test(word));
    expect(named.length).toBeGreaterThanOrEqual(5);
    expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  test('what is mounted is in the repository or a named volume', () => {
    const sources = services.flatMap(([, { volumes = [] }]) =>
      volumes.map((volume) => volume.split(':')[0] ?? ''),
    );
    const missing = sources.filter((source) =>
      source.startsWith('./') ? !existsSync(join(root, source)) : !(source in compose.volumes),
    );
    expect(missing).toEqual([]);
  });
});

describe('running', () => {
  test.each(longRunning)(
    '%s has a health check, comes back, and is patient at its end',
    (_, service) => {
      expect(service.healthcheck?.test?.[0]).toBe('CMD');
      expect(service.healthcheck?.interval).toBeDefined();
      expect(service.healthcheck?.timeout).toBeDefined();
      expect(service.healthcheck?.retries).toBeGreaterThan(0);
      expect(service.restart).toBe('unless-stopped');
    },
  );

  test('what waits for another waits until that is healthy or done', () => {
    for (const [name, { depends_on: needs = {} }] of services) {
      for (const [other, { condition }] of Object.entries(needs)) {
        const done = compose.services[other]?.restart?.startsWith('on-failure');
        const wanted = done === true ? 'service_completed_successfully' : 'service_healthy';
        expect({ name, other, condition }).toEqual({ name, other, condition: wanted });
      }
    }
  });

  test('orders are taken in without Temporal', () => {
    expect(Object.keys(compose.services['api']?.depends_on ?? {})).toEqual(['migrate']);
  });

  test('nobody but this machine is let in unless it is asked for', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    expect(ports.length).toBe(2);
    for (const port of ports) expect(port).toMatch(/^\$\{PUBLISH\w*:-127\.0\.0\.1:\d+\}:\d+$/);
  });

  test('a container of ours has longer to stop than its process takes', () => {
    for (const name of ['api', 'worker']) {
      const seconds = Number.parseInt(compose.services[name]?.stop_grace_period ?? '0', 10);
      expect(seconds).toBeGreaterThan(20);
    }
  });

  test('the program cannot be changed from inside, and runs without the sandbox unless asked', () => {
    const own = services.filter(([, { build }]) => build !== undefined);
    expect(own.map(([name]) => name).sort()).toEqual(['api', 'migrate', 'sandbox', 'worker']);
    expect(own.every(([, service]) => service.read_only === true)).toBe(true);
    expect(compose.services['sandbox']?.profiles).toEqual(['sandbox']);
  });
});

/** What the settings look like once somebody filled in the example. */
function filledIn(environment: Record<string, string>): Record<string, string> {
  const key = Buffer.alloc(32, 7).toString('base64');
  const values: Record<string, string> = {
    FIELD_KEYS: `k1:${key}`,
    PAYLOAD_KEYS: `k1:${key}`,
    CALLBACK_BASE_URL: 'https://tributary.example.com',
  };
  const fill = (value: string) =>
    value
      .replace(/\$\{([A-Z_]+):\?[^}]*\}/g, (_, name: string) => values[name] ?? key.slice(0, 43))
      .replace(/\$\{[A-Z_]+:-([^}]*)\}/g, '$1');
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, fill(value)]),
  );
}
