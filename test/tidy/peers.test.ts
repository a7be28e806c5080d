import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');
const folder = join(root, 'test', 'integration', 'peers');

/** Titles by file, as the source has them, and the text of all files. */
function readTests(): { titles: Map<string, string[]>; source: string } {
  const titles = new Map<string, string[]>();
  let source = '';
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.test.ts'))) {
    const text = readFileSync(join(folder, file), 'utf8');
    const found = [...text.matchAll(/\)?\(\s*(['"`])(.+)\1,\s*async/g)].map(
      ([, , title]) => title!,
    );
    titles.set(file.replace('.test.ts', ''), found);
    source += text;
  }
  return { titles, source };
}

/** The last column of every row: the file and how the title begins. */
function readRows(): { file: string; begins: string }[] {
  const page = readFileSync(join(root, 'docs', 'peers.md'), 'utf8');
  return page
    .split('\n')
    .map((line) => /\| (\w+): ([^|]+) \|$/.exec(line))
    .flatMap((match) => (match === null ? [] : [{ file: match[1]!, begins: match[2]! }]));
}

const { titles, source } = readTests();
const rows = readRows();

describe('the table of faults in docs/peers.md', () => {
  it.each(rows)('names a test that is there: $file: $begins', ({ file, begins }) => {
    const own = titles.get(file) ?? [];
    expect(own.filter((title) => title.startsWith(begins))).toHaveLength(1);
  });

  it('has a row for every test', () => {
    const all = [...titles].flatMap(([file, own]) => own.map((title) => ({ file, title })));
    expect(all.length).toBeGreaterThan(25);
    const missing = all.filter(
      ({ file, title }) => !rows.some((row) => row.file === file && title.startsWith(row.begins)),
    );
    expect(missing).toEqual([]);
  });
});

it('ruoyi has its tests of the money switched off (@Disabled). Ours: none is skipped or alone', () => {
  expect(source).not.toMatch(/\b(skip|only|todo|xit|xtest|xdescribe|fit|fdescribe)\s*(\.each)?\(/);
});
