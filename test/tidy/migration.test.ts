import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const prisma = join(__dirname, '..', '..', 'prisma');

describe('the schema', () => {
  it('is the one that the last migration leaves: no change without `npm run migration:new`', () => {
    const now = readFileSync(join(prisma, 'schema.prisma'), 'utf8');
    const last = readFileSync(join(prisma, 'migrations', 'schema.prisma'), 'utf8');
    expect(now).toBe(last);
  });
});
