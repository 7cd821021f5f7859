// Makes `.cache/sdk/sallyport-sdk-<version>.tgz`: the SDK with the compiled contracts and trust inside, so that it works
// outside this repository. Prints the path of the tarball. Behind `npm run pack:sdk`.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const out = join(root, '.cache', 'sdk');
const staged = join(out, 'package');

const run = (command, args, cwd = root) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));

rmSync(out, { recursive: true, force: true });
run(process.execPath, [
  join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
  '-p',
  join(import.meta.dirname, 'tsconfig.pack.json'),
]);

const { version, dependencies } = read(join(root, 'package.json'));
const manifest = read(join(import.meta.dirname, 'package', 'package.json'));
const needed = { jose: dependencies.jose, zod: dependencies.zod };
writeFileSync(
  join(staged, 'package.json'),
  `${JSON.stringify({ ...manifest, version, dependencies: needed }, null, 2)}\n`,
);
cpSync(join(import.meta.dirname, 'package', 'README.md'), join(staged, 'README.md'));
if (existsSync(join(root, 'LICENSE'))) cpSync(join(root, 'LICENSE'), join(staged, 'LICENSE'));

const [{ filename }] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', out], staged));
process.stdout.write(`${join(out, filename)}\n`);
