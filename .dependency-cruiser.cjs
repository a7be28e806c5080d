/**
 * The import table of the design. Each part lists what it may use; everything else is refused.
 * `scripts/check-imports.mjs` runs it and makes sure that it saw the modules at all.
 */

/** Domain modules by rank: imports go only to the same module or to a lower rank. */
const ranks = [
  ['kernel'],
  ['ledger', 'review', 'integration'],
  ['distributor'],
  ['referral'],
  ['order', 'promotion'],
  ['commission'],
  ['settlement'],
  ['tax'],
  ['payout'],
  ['operations'],
  ['analytics'],
];

const part = {
  domain: '^src/domain/',
  contracts: '^src/contracts/',
  db: '^src/db/',
  channels: '^src/channels/',
  http: '^src/http/',
  activities: '^activities/',
  workflows: '^workflows/',
};

const packages = (...names) => names.map((name) => `^node_modules/${name}(/|$)`);
const temporal = (name) => `^node_modules/@temporalio/${name}/`;

/** What each part may import; node built-ins where `node` is true. */
const table = {
  domain: { parts: [], outside: packages('decimal\\.js'), node: false },
  contracts: {
    parts: ['domain', 'contracts'],
    outside: [temporal('workflow'), temporal('common')],
    node: false,
  },
  db: {
    parts: ['domain', 'contracts', 'db'],
    outside: packages('@prisma', '\\.prisma', 'pg', '@types/pg'),
    node: true,
  },
  channels: {
    parts: ['domain', 'channels'],
    outside: packages('zod', 'csv-parse', 'wechatpay-axios-plugin'),
    node: true,
  },
  workflows: {
    parts: ['domain', 'contracts', 'workflows'],
    outside: [temporal('workflow'), temporal('common')],
    node: false,
  },
  activities: {
    parts: ['domain', 'contracts', 'db', 'channels', 'activities'],
    outside: [temporal('activity'), temporal('common')],
    node: true,
  },
  http: {
    parts: ['domain', 'contracts', 'db', 'channels', 'http'],
    outside: [
      ...packages(
        'express',
        '@types/express',
        '@types/express-serve-static-core',
        'helmet',
        'zod',
        '@asteasolutions/zod-to-openapi',
        'openapi3-ts',
        'pino',
        'pino-http',
        'prom-client',
        'rate-limiter-flexible',
        '@node-rs/argon2',
        'pdfkit',
        '@types/pdfkit',
      ),
      temporal('client'),
      temporal('common'),
    ],
    node: true,
  },
};

/** Anything of ours, or of others, that the table does not give to this part. */
function partRule([name, { parts, outside, node }]) {
  const own = parts.map((each) => part[each]);
  const allowed = [...own, ...outside];
  const from = { path: part[name] };
  const rules = [
    {
      name: `${name}-imports`,
      severity: 'error',
      comment: `${part[name]} may import only what the import table of the design gives it`,
      from,
      to: {
        pathNot: name === 'domain' ? [part.domain, ...allowed] : allowed,
        dependencyTypesNot: ['core', ...(name === 'workflows' ? ['type-only'] : [])],
      },
    },
  ];
  if (!node) {
    rules.push({
      name: `${name}-no-node`,
      severity: 'error',
      comment: 'no files, network, clock or randomness of the machine',
      from,
      to: { dependencyTypes: ['core'] },
    });
  }
  return rules;
}

function rankRule(_, index) {
  const higher = ranks.slice(index).flat();
  return ranks[index].map((module) => ({
    name: `domain-rank-${module}`,
    severity: 'error',
    comment: 'domain modules import only from modules of a lower rank',
    from: { path: `^src/domain/${module}/` },
    to: {
      path: `^src/domain/(${higher.filter((each) => each !== module).join('|')})/`,
    },
  }));
}

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...Object.entries(table).flatMap(partRule),
    ...ranks.flatMap(rankRule).filter(({ to }) => to.path !== '^src/domain/()/'),
    {
      name: 'domain-module-known',
      severity: 'error',
      comment: 'a new domain module needs a rank',
      from: { path: '^src/domain/' },
      to: { path: '^src/domain/', pathNot: `^src/domain/(${ranks.flat().join('|')})/` },
    },
    {
      name: 'workflows-import-type',
      severity: 'error',
      comment: 'workflows name activities by type only; their code must not get into the bundle',
      from: { path: '^workflows/' },
      to: { path: ['^activities/'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'workflows-no-outside-types',
      severity: 'error',
      comment: 'types come from the design too: workflows know neither db, http nor channels',
      from: { path: '^workflows/' },
      to: { path: '^src/(db|http|channels|main)/' },
    },
    {
      name: 'only-main-builds',
      severity: 'error',
      comment: 'src/main builds things; nobody builds on it',
      from: { path: '^(src/(domain|contracts|db|channels|http)|activities|workflows)/' },
      to: { path: '^src/main/' },
    },
    {
      name: 'sandbox-shares-nothing',
      severity: 'error',
      comment: 'the sandbox is a provider of its own, with its own books',
      from: { path: '^src/main/sandbox' },
      to: { path: '^(src/(domain|contracts|db|http|channels)|activities|workflows)/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: require('node:path').join(__dirname, 'tsconfig.json') },
    doNotFollow: { path: ['node_modules', 'src/db/generated'] },
    exclude: { path: ['^src/db/generated/'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
