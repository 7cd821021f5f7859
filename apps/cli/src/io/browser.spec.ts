import { describe, expect, it } from '@jest/globals';
import { openerOf, openInBrowser } from './browser.js';

describe('a page that a person must see', () => {
  it.each<[string, NodeJS.ProcessEnv, NodeJS.Platform, string[] | undefined]>([
    ['is opened on a screen', { DISPLAY: ':0' }, 'linux', ['xdg-open']],
    ['is opened on a Wayland screen', { WAYLAND_DISPLAY: 'w' }, 'linux', ['xdg-open']],
    ['is opened on a Mac', {}, 'darwin', ['open']],
    ['is not opened where there is no screen', {}, 'linux', undefined],
    ['is opened by the program that is named', { SALLYPORT_BROWSER: 'firefox' }, 'linux', ['firefox']],
    ['is not opened where nobody wants it', { SALLYPORT_BROWSER: '', DISPLAY: ':0' }, 'linux', undefined],
  ])('%s', (_, env, platform, opener) => {
    expect(openerOf(env, platform)).toEqual(opener);
  });

  it('is not open when no program could open it', async () => {
    expect(await openInBrowser('http://localhost/', undefined)).toBe(false);
    expect(await openInBrowser('http://localhost/', ['/nowhere/browser'])).toBe(false);
    expect(await openInBrowser('http://localhost/', ['true'])).toBe(true);
  });
});
