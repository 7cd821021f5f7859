import { existsSync, readdirSync } from 'node:fs';
import { outputOf, runToEnd } from './run.mjs';

/** A browser for the tests of security keys, which no other program can stand for. */
export const chromiumBrowser = fromDebian({
  name: 'Chromium',
  packageName: 'chromium',
  doing: 'apt-get installs it (about 100 MB, once; only tests use it)',
  after: [],
  setting: 'SALLYPORT_CHROMIUM',
  usual: () => ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
  missing: 'Chromium is needed by the tests of security keys. Install it, or set SALLYPORT_CHROMIUM to a Chromium or Chrome.',
}); // prettier-ignore

/** Gives single processes a wrong clock. */
export const wrongClocks = fromDebian({
  name: 'libfaketime',
  packageName: 'libfaketime',
  doing: 'apt-get installs it (100 kB, once; only tests use it)',
  // One apt-get at a time.
  after: [chromiumBrowser.name],
  setting: 'SALLYPORT_LIBFAKETIME',
  // In the folder of this architecture.
  usual: () => readdirSync('/usr/lib').map((folder) => `/usr/lib/${folder}/faketime/libfaketime.so.1`),
  missing: 'libfaketime is needed by the tests with wrong clocks. Install it, or set SALLYPORT_LIBFAKETIME to libfaketime.so.1.',
}); // prettier-ignore

/**
 * Something that only tests use: what the setting names, else what is there, else Debian's. Never asked for by `npm start`.
 *
 * @returns {import('./steps.mjs').Step & { found: () => string | undefined, setting: string }}
 */
function fromDebian({ name, packageName, doing, after, setting, usual, missing }) {
  const install = `apt-get install -y --no-install-recommends ${packageName}`;
  const found = () => {
    const named = process.env[setting];
    if (named) return existsSync(named) ? named : undefined;
    return usual().find((path) => existsSync(path));
  };
  return {
    name,
    doing,
    after,
    setting,
    found,
    done: () => found() !== undefined,
    missing() {
      const named = process.env[setting];
      if (named && !existsSync(named)) return [`${setting}=${named} does not exist.`];
      if (found() !== undefined) return [];
      return process.getuid?.() === 0 && outputOf(['apt-get', '--version']) !== undefined ? [] : [missing];
    },
    run(logFile) {
      // The lists of packages may be old, or not there at all.
      const command = ['sh', '-c', `${install} || { apt-get update && ${install}; }`];
      return runToEnd({ command, env: { DEBIAN_FRONTEND: 'noninteractive' }, logFile });
    },
  };
}
