import { recordAudit, sealAudit, verifyAudit } from '../../src/db/audit';
import { givenStore } from '../support/given';
import { testDatabase, type TestDatabase } from '../support/database';

let db: TestDatabase;
let storeId: string;

beforeEach(async () => {
  db = await testDatabase();
  storeId = await givenStore(db);
});
afterEach(() => db.drop());

const at = new Date('2026-11-01T00:00:00Z');
const note = (subjectId: string) => ({
  storeId,
  actor: 'admin:adm_1',
  action: 'program.changed',
  subjectId,
  reason: '原因',
  before: { name: 'a', settings: { b: 1, a: [1n, null] } },
  after: { name: 'b' },
  at,
});
const write = async (count: number) => {
  for (let n = 0; n < count; n += 1) await recordAudit(db.read, note(`subject-${n}`));
};
/** As somebody would who owns the tables. */
const tamper = async (sql: string) => {
  await db.transaction(async (tx) => {
    await tx.run('ALTER TABLE audit_record DISABLE TRIGGER USER');
    await tx.run('ALTER TABLE audit_seal DISABLE TRIGGER USER');
    await tx.run(sql);
  });
};

describe('the audit chain', () => {
  it('seals every record once, also with several sealers at the same time', async () => {
    await write(40);
    const sealed = await Promise.all(Array.from({ length: 5 }, () => sealAudit(db)));
    expect(sealed.reduce((sum, count) => sum + count, 0)).toBe(40);
    expect(await sealAudit(db)).toBe(0);
    expect(await verifyAudit(db)).toMatchObject({ verified: 40, foundExpected: true });
  });

  it('takes records in the order in which they are committed, whatever their ids', async () => {
    let commitFirst: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (commitFirst = resolve));
    const recorded = new Promise<void>((resolve) => {
      void db.transaction(async (tx) => {
        await recordAudit(tx, note('low id, late commit'));
        resolve();
        await held;
      });
    });
    await recorded;
    await write(2);
    expect(await sealAudit(db)).toBe(2);
    commitFirst();
    const seen = async () => (await verifyAudit(db)).verified;
    while ((await seen()) < 3) await sealAudit(db);
    expect((await verifyAudit(db)).bad).toBeUndefined();
  });

  it.each([
    ['a changed reason', "UPDATE audit_record SET reason = 'x' WHERE id = 2", 'record_changed'],
    [
      'a changed time',
      "UPDATE audit_record SET at = at + interval '1 ms' WHERE id = 2",
      'record_changed',
    ],
    [
      'a changed value',
      `UPDATE audit_record SET after = '{"name":"c"}' WHERE id = 2`,
      'record_changed',
    ],
    ['a removed record', 'DELETE FROM audit_record WHERE id = 2', 'record_missing'],
    [
      'a removed pair',
      'DELETE FROM audit_seal WHERE record_id = 2; DELETE FROM audit_record WHERE id = 2',
      'link_broken',
    ],
  ])('shows %s', async (_name, sql, why) => {
    await write(4);
    await sealAudit(db);
    for (const statement of sql.split('; ')) await tamper(statement);
    await sealAudit(db, { everything: true });
    expect((await verifyAudit(db)).bad).toMatchObject({ why });
  });

  it('shows a cut end to whoever kept an earlier head', async () => {
    await write(4);
    await sealAudit(db);
    const { head } = await verifyAudit(db);
    await tamper('DELETE FROM audit_seal WHERE record_id = 4');
    await tamper('DELETE FROM audit_record WHERE id = 4');
    expect(await verifyAudit(db, head)).toMatchObject({ verified: 3, foundExpected: false });
  });

  it('is append-only for everybody else', async () => {
    await write(1);
    await sealAudit(db);
    for (const table of ['audit_record', 'audit_seal']) {
      await expect(db.read.run(`DELETE FROM ${table}`)).rejects.toThrow();
      await expect(db.read.run(`TRUNCATE ${table} CASCADE`)).rejects.toThrow();
    }
    await expect(db.read.run("UPDATE audit_record SET actor = 'x'")).rejects.toThrow();
  });
});
