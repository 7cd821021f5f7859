import { spawn } from 'node:child_process';

/** What opens an address on this system; undefined where nobody would see it. `SALLYPORT_BROWSER` names a program instead; empty, none. */
export function openerOf(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string[] | undefined {
  const named = env['SALLYPORT_BROWSER'];
  if (named !== undefined) return named === '' ? undefined : [named];
  if (platform === 'darwin') return ['open'];
  if (platform === 'win32') return ['explorer.exe'];
  const hasScreen = Boolean(env['DISPLAY'] ?? env['WAYLAND_DISPLAY']);
  return hasScreen ? ['xdg-open'] : undefined;
}

/** Opens an address in this person's browser; false when that cannot be done. No shell reads the address. */
export function openInBrowser(url: string, opener = openerOf(process.env, process.platform)): Promise<boolean> {
  const [program, ...args] = opener ?? [];
  if (program === undefined) return Promise.resolve(false);
  return new Promise((opened) => {
    const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true });
    child.once('error', () => {
      opened(false);
    });
    child.once('spawn', () => {
      child.unref();
      opened(true);
    });
  });
}
