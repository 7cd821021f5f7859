import { existsSync } from 'node:fs';
import { outputOf, runToEnd } from './run.mjs';

const usual = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const install = 'apt-get install -y --no-install-recommends chromium';

/** A browser for the tests of security keys, which no other program can stand for. Never asked for by `npm start`. */
export const chromiumBrowser = {
  name: 'Chromium',
  doing: 'apt-get installs it (about 100 MB, once; only tests use it)',
  after: [],
  done: () => chromiumBinary() !== undefined,
  missing() {
    const named = process.env.SALLYPORT_CHROMIUM;
    if (named && !existsSync(named)) return [`SALLYPORT_CHROMIUM=${named} does not exist.`];
    if (chromiumBinary() !== undefined) return [];
    if (process.getuid?.() === 0 && outputOf(['apt-get', '--version']) !== undefined) return [];
    return ['Chromium is needed by the tests of security keys. Install it, or set SALLYPORT_CHROMIUM to a Chromium or Chrome.'];
  },
  run(logFile) {
    // The lists of packages may be old, or not there at all.
    const command = ['sh', '-c', `${install} || { apt-get update && ${install}; }`];
    return runToEnd({ command, env: { DEBIAN_FRONTEND: 'noninteractive' }, logFile });
  },
}; // prettier-ignore

/** @returns {string | undefined} The browser to use, if there is one. */
export function chromiumBinary() {
  const named = process.env.SALLYPORT_CHROMIUM;
  if (named) return existsSync(named) ? named : undefined;
  return usual.find((path) => existsSync(path));
}
