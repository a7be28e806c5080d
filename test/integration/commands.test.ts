import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { testDatabase, type TestDatabase } from '../support/database';
import { testPepper, testSettings } from '../support/settings';
import { call, startApi, type TestApi } from '../support/api';

jest.setTimeout(60_000);

const root = join(__dirname, '..', '..');

describe('commands', () => {
  let db: TestDatabase;
  let api: TestApi;
  beforeAll(async () => {
    db = await testDatabase();
    api = await startApi(db, { config: { tokenPepper: testPepper } });
  });
  afterAll(async () => {
    await api.close();
    await db.drop();
  });

  const run = (file: string, ...args: string[]) =>
    new Promise<{ code: number; output: string; errors: string }>((resolve) => {
      const env = { PATH: process.env['PATH'] ?? '', ...testSettings({ DATABASE_URL: db.url }) };
      const command = ['--import', 'tsx', join('src', 'main', file), ...args];
      const child = execFile(process.execPath, command, { cwd: root, env }, (_error, out, err) =>
        resolve({ code: child.exitCode ?? -1, output: out, errors: err }),
      );
    });

  it('store create prints credentials that work, and store no secret', async () => {
    const made = await run('store.ts', 'create', '--name', 'Shop', '--email', 'Owner@shop.example');
    expect({ code: made.code, errors: made.errors }).toEqual({ code: 0, errors: '' });
    const shown = JSON.parse(made.output) as Record<string, string>;
    const keyed = await call(`${api.url}/v1/programs`, { token: shown['apiKey'] });
    const asAdmin = await call(`${api.url}/v1/admins`, { token: shown['adminToken'] });
    const signedIn = await call(`${api.url}/v1/admin/sessions`, {
      body: { email: 'owner@SHOP.example', password: shown['adminPassword'] },
    });
    expect([keyed.status, asAdmin.status, signedIn.status]).toEqual([200, 200, 201]);
    const rows = await db.read.rows<{ row: string }>(
      `SELECT k::text AS row FROM api_key k UNION ALL SELECT a::text FROM admin a
       UNION ALL SELECT s::text FROM admin_session s`,
    );
    for (const secret of ['apiKey', 'adminToken', 'adminPassword']) {
      expect(rows.some(({ row }) => row.includes(shown[secret] ?? ''))).toBe(false);
    }
  });

  it('store create says how it is used', async () => {
    const wrong = await run('store.ts', 'create', '--name', 'Shop');
    expect([wrong.code, wrong.errors.includes('--email')]).toEqual([1, true]);
  });

  it('audit:verify seals and verifies, and fails on the first bad record', async () => {
    const good = await run('audit-verify.ts');
    expect(good.code).toBe(0);
    expect(good.output).toMatch(/verified:\s+[1-9]\d*\n/);
    const [, head = ''] = /head:\s+(\w{64})/.exec(good.output) ?? [];
    expect((await run('audit-verify.ts', '--contains', head)).code).toBe(0);
    expect((await run('audit-verify.ts', '--contains', 'f'.repeat(64))).code).toBe(1);
    await db.read.run('ALTER TABLE audit_record DISABLE TRIGGER USER');
    await db.read.run("UPDATE audit_record SET actor = 'somebody else' WHERE id = 2");
    const bad = await run('audit-verify.ts');
    expect(bad.code).toBe(1);
    expect(bad.errors).toMatch(/BROKEN at seal \d+, record 2: record_changed/);
  });
});
