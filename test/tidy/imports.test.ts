import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(__dirname, '..', '..');

function checkImports(tree: string) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'scripts', 'check-imports.mjs'), tree],
    { cwd: root, encoding: 'utf8' },
  );
  const seen = Number(/(\d+) of \d+ modules seen/.exec(stdout)?.[1] ?? 0);
  return { status, seen, refused: stderr.trim().split('\n').filter(Boolean), stdout };
}

describe('the import table', () => {
  let tree: string;
  beforeEach(() => {
    tree = mkdtempSync(join(tmpdir(), 'imports-'));
  });
  afterEach(() => rmSync(tree, { recursive: true, force: true }));

  const plant = (path: string, text: string) => {
    mkdirSync(join(tree, dirname(path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  };

  it('holds in this repository, and the check has seen its modules', () => {
    const { status, seen, refused } = checkImports(root);
    expect(refused).toEqual([]);
    expect(status).toBe(0);
    expect(seen).toBeGreaterThan(150);
  }, 120_000);

  it('refuses each kind of forbidden import, in one planted tree', () => {
    const planted = [
      ['domain reads a file', 'src/domain/kernel/a1.ts', "import 'node:fs';", 'domain-no-node'],
      ['domain knows db', 'src/domain/kernel/a2.ts', "import '../../db/b';", 'domain-imports'],
      ['domain upwards', 'src/domain/kernel/a3.ts', "import '../tax/b';", 'domain-rank-kernel'],
      ['workflow knows db', 'workflows/a4.ts', "import '../src/db/b';", 'workflows-imports'],
      ['workflow acts', 'workflows/a5.ts', "import '../activities/b';", 'workflows-import-type'],
      ['http knows workflows', 'src/http/a6.ts', "import '../../workflows/b';", 'http-imports'],
      ['db knows channels', 'src/db/a7.ts', "import '../channels/b';", 'db-imports'],
      ['channel knows db', 'src/channels/a8.ts', "import '../db/b';", 'channels-imports'],
      ['activity builds', 'activities/a9.ts', "import '../src/main/b';", 'activities-imports'],
      [
        'sandbox shares',
        'src/main/sandbox/a0.ts',
        "import '../../db/b';",
        'sandbox-shares-nothing',
      ],
    ] as const;
    const targets = [
      'src/db',
      'src/channels',
      'src/domain/tax',
      'src/main',
      'workflows',
      'activities',
    ];
    for (const folder of targets) plant(`${folder}/b.ts`, 'export const b = 1;');
    for (const [, path, text] of planted) plant(path, text);
    const { status, refused } = checkImports(tree);
    expect(status).toBe(1);
    const found = planted.filter(([, path, , rule]) =>
      refused.some((line) => line.startsWith(`${rule}: ${path} `)),
    );
    expect(found.map(([label]) => label)).toEqual(planted.map(([label]) => label));
  }, 60_000);

  it('is not proved by a tree without modules', () => {
    expect(checkImports(tree).status).toBe(1);
  }, 60_000);
});
