import tseslint from 'typescript-eslint';

/** Functions and files stay short enough to read in one go; tests tell longer stories. */
const limits = (lines, functionLines) => ({
  'max-lines': ['error', { max: lines, skipBlankLines: true, skipComments: true }],
  'max-lines-per-function': [
    'error',
    { max: functionLines, skipBlankLines: true, skipComments: true, IIFEs: true },
  ],
});

const noDefaultExport = {
  selector: 'ExportDefaultDeclaration',
  message: 'Export by name: one word per thing, everywhere.',
};
const noModuleState = {
  selector:
    'Program > VariableDeclaration[kind="let"], Program > ExportNamedDeclaration > VariableDeclaration[kind="let"]',
  message: 'No mutable module state: build it in a function and pass it.',
};

/**
 * Node 20 makes a hidden class for each property behind a spread, for each object: twenty times dearer
 * than the other way round, and code that meets the object stays slow (docs/adr/0016).
 */
const spreadsLast = {
  selector: 'ObjectExpression > SpreadElement:first-child ~ Property',
  message: 'Made for each order, line or statement: own properties first, the spread last.',
};
const madeByTheThousand = [
  'src/db/{order,order-attribution,order-booking,order-write,ledger,event,audit}.ts',
  'src/db/{settlement-judge,settlement-lock,statement,taxpayer,withholding}.ts',
  'src/domain/commission/{base,booking,calculation,overlay,rule,terms}.ts',
  'src/domain/ledger/*.ts',
  'src/domain/tax/withhold.ts',
  'src/http/{group,register,reply}.ts',
];

export default tseslint.config(
  {
    ignores: ['node_modules/', '.local/', 'coverage/', 'src/db/generated/', '**/*.cjs', '**/*.mjs'],
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      ...limits(320, 70),
      'no-restricted-syntax': ['error', noDefaultExport, noModuleState],
      'no-console': 'off',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      // Parameters such as `_` of a promise that is never awaited are fine; a number in a text too.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNullish: true },
      ],
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    // Time, randomness and the machine are inputs of a decision, never part of it.
    files: ['src/domain/**/*.ts', 'workflows/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Randomness is an input.' },
        { object: 'process', property: 'env', message: 'Settings are inputs.' },
      ],
    },
  },
  {
    files: ['src/domain/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Randomness is an input.' },
        { object: 'Date', property: 'now', message: 'The moment is an input.' },
        { object: 'process', property: 'env', message: 'Settings are inputs.' },
      ],
    },
  },
  {
    files: madeByTheThousand,
    rules: { 'no-restricted-syntax': ['error', noDefaultExport, noModuleState, spreadsLast] },
  },
  {
    files: ['test/**/*.ts', 'demo/**/*.ts', 'bench/**/*.ts', 'scripts/**/*.ts'],
    rules: {
      ...limits(800, 600),
      // `beforeAll` hands things to tests by variables of the file.
      'no-restricted-syntax': ['error', noDefaultExport],
    },
  },
  {
    // A JSON answer has no type until the test has looked at it; what beforeAll opens is a variable.
    files: ['test/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', noDefaultExport],
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['*.config.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
);
