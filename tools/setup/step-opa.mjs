import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inCache } from './place.mjs';
import { outputOf, runToEnd } from './run.mjs';
import { opaVersion } from './versions.mjs';

const cached = inCache('bin', 'opa');
const otherwise = `or put opa ${opaVersion} on PATH, or set SALLYPORT_OPA_BIN to it`;

/** The OPA compiler. First found wins: `SALLYPORT_OPA_BIN`; `opa` on PATH in the pinned version; built by Go. */
export const opaCompiler = {
  name: 'OPA compiler',
  doing: `Go builds ${opaVersion} (about 2 minutes, once)`,
  after: [],
  done: () => opaBinary() !== undefined,
  missing() {
    const named = process.env.SALLYPORT_OPA_BIN;
    if (named && !existsSync(named)) return [`SALLYPORT_OPA_BIN=${named} does not exist.`];
    if (opaBinary() !== undefined) return [];
    const version = /go(\d+)\.(\d+)/u.exec(outputOf(['go', 'version']) ?? '');
    if (version === null) return [`Go 1.21 or newer is needed to build OPA (none found). Install it, ${otherwise}.`];
    const [, major, minor] = version.map(Number);
    if (major > 1 || minor >= 21) return [];
    return [`Go 1.21 or newer is needed to build OPA (found ${major}.${minor}). Install it, ${otherwise}.`];
  },
  async run(logFile) {
    const scratch = inCache('bin', 'build');
    rmSync(scratch, { recursive: true, force: true });
    mkdirSync(scratch, { recursive: true });
    const command = ['go', 'install', `github.com/open-policy-agent/opa@v${opaVersion}`];
    // GOBIN must not be set together with a foreign GOOS or GOARCH; those mean another machine than this one.
    const env = { GOBIN: scratch, GOOS: undefined, GOARCH: undefined, GOFLAGS: '-trimpath' };
    const code = await runToEnd({ command, env, logFile });
    if (code === 0) renameSync(join(scratch, 'opa'), cached);
    rmSync(scratch, { recursive: true, force: true });
    return code;
  },
};

/** @returns {string | undefined} The compiler to use, if there is one. */
export function opaBinary() {
  const named = process.env.SALLYPORT_OPA_BIN;
  if (named) return existsSync(named) ? named : undefined;
  return ['opa', cached].find((program) => outputOf([program, 'version'])?.includes(`Version: ${opaVersion}\n`));
}
