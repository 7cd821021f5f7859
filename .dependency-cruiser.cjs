// Who may import whom. Every rule has a fixture below test/boundaries that breaks it; `npm run check` runs both.
// Specs, and the fixtures that several specs of a service share.
const spec = '\\.(?:spec|fixture)\\.ts$';
const npm = (...names) => `node_modules/(?:${names.join('|')})/`;
/** What decides may know beside itself. */
const pure = ['^libs/contracts/', '^libs/trust/src/index\\.ts$', npm('zod')];
const services = 'registry|intake|policy|approvals|credentials|notifier|audit';

/** An npm package, or a few that belong together, that only some folders may know. */
const reserved = (name, packages, allowed, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: '^(?:apps|libs)/', pathNot: [spec, ...allowed] },
  to: { path: npm(...packages) },
});

/** A lib, and the libs that it may build on. */
const layer = (lib, below, comment) => ({
  name: `layer-${lib}`,
  severity: 'error',
  comment,
  from: { path: `^libs/${lib}/`, pathNot: spec },
  to: { path: '^libs/', pathNot: [lib, ...below].map((name) => `^libs/${name}/`) },
});

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'A cycle has no first file to read. Move what both need into a third file.',
      from: { path: '^(?:apps|libs|tools|test)/' },
      to: { circular: true },
    },
    {
      name: 'resolves',
      severity: 'error',
      comment: 'This import leads nowhere: a missing file, a missing package, or a missing .js at its end.',
      from: { path: '^(?:apps|libs|tools|test)/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'app-stands-alone',
      severity: 'error',
      comment: 'Services meet only through events and HTTP bodies in libs/contracts. Put what both need there.',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'core-is-pure',
      severity: 'error',
      comment:
        'core/ decides from its arguments alone: it knows itself, the contracts, zod, and the pure half of trust. ' +
        'Load in a handler, and pass what was found in.',
      from: { path: '^apps/([^/]+)/src/core/', pathNot: spec },
      to: { pathNot: ['^apps/$1/src/core/', ...pure] },
    },
    {
      name: 'io-does-not-decide',
      severity: 'error',
      comment: 'io/ touches one outside thing. What happens next is decided in core/ and done in handlers/.',
      from: { path: '^apps/([^/]+)/src/io/', pathNot: spec },
      to: { path: '^apps/$1/src/(?:handlers/|[^/]+\\.(?:module|controller)\\.ts$|main\\.ts$)' },
    },
    {
      name: 'handlers-are-not-doors',
      severity: 'error',
      comment: 'The top files of a service call its handlers, never the other way round. Pass in what is needed.',
      from: { path: '^apps/([^/]+)/src/handlers/', pathNot: spec },
      to: { path: '^apps/$1/src/[^/]+\\.(?:module|controller)\\.ts$|^apps/$1/src/main\\.ts$' },
    },
    {
      name: 'lib-by-its-door',
      severity: 'error',
      comment:
        'A lib is used through its index.ts (for trust also http/index.ts). Export it there, or leave it inside.',
      from: { path: '^(apps/[^/]+|libs/[^/]+|tools|test)/' },
      to: {
        path: '^libs/[^/]+/',
        pathNot: ['^$1/', '^libs/[^/]+/src/index\\.ts$', '^libs/trust/src/http/index\\.ts$'],
      },
    },
    {
      name: 'lib-below-app',
      severity: 'error',
      comment: 'Libs know nothing of services, tools and tests. Turn the dependency round: let the service pass it in.',
      from: { path: '^libs/', pathNot: spec },
      to: { path: '^(?:apps|tools|test)/' },
    },
    layer('contracts', [], 'contracts is what all agree on; it may depend on nobody.'),
    layer(
      'platform',
      ['contracts'],
      'platform starts and stops a process, whatever it is about; of contracts it knows the problems.',
    ),
    layer('database', ['platform'], 'database knows PostgreSQL and nothing of events or evidence.'),
    layer(
      'trust',
      ['contracts'],
      'trust is checked by outsiders too: it must not need a database, a broker or a process.',
    ),
    layer(
      'messaging',
      ['contracts', 'database', 'platform'],
      'messaging moves events and does not read their evidence.',
    ),
    layer('facts', ['contracts', 'trust', 'messaging', 'database', 'platform'], 'facts is the copy of the registry.'),
    layer('sdk', ['contracts', 'trust'], 'sdk is published to agents and tools: no server part may be in it.'),
    {
      name: 'no-test-in-product',
      severity: 'error',
      comment: 'Product code never needs a spec, a fake or a tool.',
      from: { path: '^(?:apps|libs)/', pathNot: spec },
      to: { path: ['^test/', '^tools/', spec] },
    },
    {
      name: 'no-dev-package-in-product',
      severity: 'error',
      comment: 'What a service needs at run time belongs into "dependencies" of package.json.',
      from: { path: '^(?:apps|libs)/', pathNot: spec },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      comment: 'Nobody imports this file and it imports nobody: remove it, or wire it in.',
      from: { orphan: true, path: '^(?:apps|libs|tools)/', pathNot: '\\.d\\.ts$|^tools/.*\\.mjs$' },
      to: {},
    },
    reserved(
      'kafka-in-messaging-only',
      ['kafkajs'],
      ['^libs/messaging/', '^libs/sdk/'],
      'Order, dedupe and the outbox hold only in the one place that speaks Kafka. Use on(...) and Outbox.say.',
    ),
    reserved(
      'postgres-in-database-only',
      ['pg', 'typeorm', '@types/pg'],
      [
        '^libs/database/',
        '^apps/credentials/src/io/issuers/',
        '^apps/cli/src/io/target-session\\.ts$',
        '^apps/[^/]+/src/(?:io/)?migrations/',
      ],
      'SQL goes through Tx and Database of #database: time-outs and the transaction are there. Only an issuer talks to a target, and whoever installs there.',
    ),
    reserved(
      'opa-in-policy-only',
      ['@open-policy-agent/opa-wasm'],
      ['^apps/policy/src/io/'],
      'A throw inside the wasm leaves it unusable; apps/policy/src/io/ knows how to replace it.',
    ),
    reserved(
      'mail-in-notifier-only',
      ['nodemailer', 'standardwebhooks'],
      ['^apps/notifier/src/io/'],
      'People are told once per stage; only notifier keeps that account.',
    ),
    reserved(
      'jose-in-trust-only',
      ['jose', 'canonicalize'],
      ['^libs/trust/', '^libs/sdk/'],
      'Evidence is made and checked in one place. Use the functions of #trust.',
    ),
    reserved(
      'webauthn-in-credentials-only',
      ['@simplewebauthn/server'],
      ['^apps/credentials/src/io/authenticator\\.ts$'],
      'What a security key proves is decided in one place, which requires user verification and one origin.',
    ),
    reserved(
      'logger-in-platform-only',
      ['pino'],
      ['^libs/platform/'],
      'Log of #platform writes allow-listed fields only, so that no secret gets into a log.',
    ),
    reserved(
      'oidc-in-front-only',
      ['openid-client', 'oidc-provider', 'commander'],
      ['^apps/(?:cli|console)/'],
      'Logging in and reading command lines is for the programs that people start.',
    ),
    {
      name: 'service-known-by-name',
      severity: 'error',
      comment:
        'A new folder below apps/ needs its schema, its role, its keys and a place in these rules; see CONTRIBUTING.md.',
      from: { path: '^apps/', pathNot: `^apps/(?:${services}|cli|console)/` },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Fixtures break the rules on purpose; they are cruised one by one.
    exclude: { path: '^(?:test/boundaries|dist)/' },
    tsPreCompilationDeps: true,
    detectProcessBuiltinModuleCalls: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      conditionNames: ['sallyport-source', 'import', 'node', 'default'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.d.ts'],
    },
    skipAnalysisNotInRules: true,
  },
};
