// Jest 30 in ESM mode on the sources (no build): NODE_OPTIONS=--experimental-vm-modules.
const common = {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['sallyport-source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.cache/', '<rootDir>/.data/'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
};

const project = (displayName, testMatch, more = {}) => ({ ...common, displayName, testMatch, ...more });

/** Real processes are started: what a spec leaves behind fails the run. */
const real = {
  globalSetup: '<rootDir>/test/support/leaks.mjs',
  globalTeardown: '<rootDir>/test/support/leaks-end.mjs',
};

export default {
  testSequencer: '<rootDir>/tools/checks/sequencer.mjs',
  projects: [
    project('unit', ['<rootDir>/{apps,libs,tools}/**/*.spec.ts']),
    project('contract', ['<rootDir>/test/contract/**/*.spec.ts']),
    project('integration', ['<rootDir>/test/integration/**/*.spec.ts'], real),
    project('e2e', ['<rootDir>/test/e2e/**/*.spec.ts'], real),
    project('fault', ['<rootDir>/test/{fault,attack}/**/!(come-at-the-same-moment|doors).spec.ts'], real),
    project(
      'alone',
      ['<rootDir>/test/attack/come-at-the-same-moment.spec.ts', '<rootDir>/test/fault/doors.spec.ts'],
      real,
    ),
  ],
};
