// Checks the import table of the design and proves that the check saw the code: a tool that found no
// TypeScript would report "no violations" about nothing.
//   node scripts/check-imports.mjs [folder]
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise } from 'dependency-cruiser';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const tree = resolve(process.argv[2] ?? root);
const options = createRequire(import.meta.url)(join(root, '.dependency-cruiser.cjs'));
const folders = ['src', 'workflows', 'activities'];

const files = folders.flatMap(typescriptIn);
const { output } = await cruise(
  folders.filter((folder) => typescriptIn(folder).length > 0),
  {
    ...options.options,
    ruleSet: { forbidden: options.forbidden },
    baseDir: tree,
    validate: true,
    // Its own parser sees types that are imported for their types only.
    parser: 'tsc',
  },
  undefined,
  { tsConfig: { options: {} } },
);

const seen = new Set(output.modules.map(({ source }) => source));
const unseen = files.filter((file) => !seen.has(file));
const { violations, totalDependenciesCruised } = output.summary;

for (const { rule, from, to } of violations) {
  console.error(`${rule.name}: ${from} -> ${to}`);
}
if (unseen.length > 0) console.error(`not seen by the check: ${unseen.join(', ')}`);
if (files.length === 0) console.error('the check saw no modules at all');
console.log(
  `imports: ${files.length - unseen.length} of ${files.length} modules seen, ` +
    `${totalDependenciesCruised} imports, ${violations.length} forbidden`,
);
process.exitCode = violations.length > 0 || unseen.length > 0 || files.length === 0 ? 1 : 0;

/** Every TypeScript file of a folder, relative to the tree, but the generated client. */
function typescriptIn(folder) {
  try {
    return readdirSync(join(tree, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
      .map((name) => `${folder}/${name}`)
      .filter((name) => !name.startsWith('src/db/generated/'));
  } catch {
    return [];
  }
}
