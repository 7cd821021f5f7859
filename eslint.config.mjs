// One reason per rule: what a reader of this code must be able to rely on.
import tseslint from 'typescript-eslint';
import unicorn from 'eslint-plugin-unicorn';

const specs = ['**/*.spec.ts', '**/*.fixture.ts', 'test/**/*.ts'];
const scripts = ['**/*.mjs', '**/*.cjs'];

const ban = (selector, message) => ({ selector, message });

const everywhere = [
  ban('ExportDefaultDeclaration', 'Name what you export: one name for one thing, everywhere.'),
  ban('TSEnumDeclaration', 'Use a union of strings: it is what travels in JSON.'),
  ban('TSAsExpression > TSAsExpression[typeAnnotation.type="TSUnknownKeyword"]', 'Check the value (zod) instead.'),
  ban(
    ':matches(ClassDeclaration, TSInterfaceDeclaration, TSTypeAliasDeclaration)[id.name=/(Manager|Helper|Utils?|Impl|Base|Service|Dto|Entity|Repository)$/]',
    'Name it after what it does or is; this word says neither.',
  ),
  ban(
    ':function:not(MethodDefinition[kind="constructor"] > *)[params.length>4]',
    'At most 4 parameters: pass an object.',
  ),
  ban('MethodDefinition[kind="constructor"] > *[params.length>5]', 'At most 5 things to depend on: split the class.'),
];

const noEnvironment = ban(
  'MemberExpression[object.name="process"][property.name="env"]',
  'Settings come typed from config.ts through loadSettings of #platform.',
);

const decidesOnly = [
  ban(':function[async=true], AwaitExpression', 'core/ is not asynchronous: load in a handler and pass it in.'),
  ban('NewExpression[callee.name="Date"][arguments.length=0]', 'Time is an argument.'),
  ban('CallExpression[callee.object.name="Date"][callee.property.name="now"]', 'Time is an argument.'),
  ban('CallExpression[callee.object.name="performance"]', 'Time is an argument.'),
  ban('CallExpression[callee.object.name="Math"][callee.property.name="random"]', 'Chance is an argument.'),
  ban(
    'CallExpression[callee.name=/^(fetch|setTimeout|setInterval|setImmediate|queueMicrotask)$/]',
    'core/ decides; it does not act or wait.',
  ),
  ban('Identifier[name="process"]', 'core/ knows no process.'),
];

const honestTests = [
  ban(
    'CallExpression[callee.object.name="jest"][callee.property.name=/^(mock|unstable_mockModule|spyOn|fn)$/]',
    'Write a fake.',
  ),
  ban(
    'MemberExpression[object.name=/^(it|test|describe)$/][property.name=/^(only|skip|todo)$/]',
    'Every case runs; what the machine lacks is told by where() of test/support/where.ts.',
  ),
  ban('CallExpression[callee.property.name=/^toMatch(Inline)?Snapshot$/]', 'Say what must hold.'),
];

const size = {
  'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
  'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }],
  complexity: ['error', 10],
  'max-depth': ['error', 3],
  'unicorn/filename-case': ['error', { case: 'kebabCase' }],
};

export default tseslint.config(
  { ignores: ['dist/', '.cache/', '.data/', 'coverage/', 'test/boundaries/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  { plugins: { unicorn }, files: ['**/*.ts', '**/*.tsx', ...scripts], rules: size },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      // Numbers print as people expect; objects and undefined do not.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Nest modules are classes with nothing but a decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      // A row type says what this SQL gives back, once.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // There are no enums (above), and this costs a tenth of the whole check.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      // An interface may be asynchronous where this one answer is at hand.
      '@typescript-eslint/require-await': 'off',
      'no-restricted-syntax': ['error', ...everywhere, noEnvironment],
    },
  },
  {
    files: ['apps/*/src/core/**/*.ts'],
    ignores: specs,
    rules: { 'no-restricted-syntax': ['error', ...everywhere, noEnvironment, ...decidesOnly] },
  },
  {
    files: ['libs/platform/**/*.ts', 'tools/**/*.ts', 'apps/cli/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...everywhere] },
  },
  {
    files: specs,
    ignores: ['test/support/where.ts'],
    rules: {
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      // A describe block is one function.
      'max-lines-per-function': 'off',
      'no-restricted-syntax': ['error', ...everywhere, ...honestTests],
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: scripts,
    extends: [tseslint.configs.base],
    rules: { '@typescript-eslint/no-unused-vars': 'error' },
  },
);
