import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from '../world/place.js';

/** Another version may compile the same rules to something that decides differently. */
export const opaVersion = '1.22.2';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** The compiler, ready to run. Found by `findOpa`. */
export type Opa = (args: readonly string[], cwd: string) => Promise<Ran>;

/**
 * First found wins: `SALLYPORT_OPA_BIN`, which is taken at its word; `opa` on PATH, or the one that set-up built, in the pinned version.
 * @throws Error that says what to do
 */
export async function findOpa(env: NodeJS.ProcessEnv = process.env): Promise<Opa> {
  const named = env['SALLYPORT_OPA_BIN'];
  if (named !== undefined && named !== '') {
    if (existsSync(named)) return opaAt(named);
    throw new Error(`SALLYPORT_OPA_BIN=${named} does not exist`);
  }
  for (const program of ['opa', join(cacheDir, 'bin', 'opa')]) {
    const { stdout } = await opaAt(program)(['version'], '.');
    if (stdout.includes(`Version: ${opaVersion}\n`)) return opaAt(program);
  }
  throw new Error(`no opa ${opaVersion}: run npm run setup, put it on PATH, or set SALLYPORT_OPA_BIN to it`);
}

function opaAt(program: string): Opa {
  return (args, cwd) =>
    new Promise((resolve) => {
      execFile(program, args, { cwd, maxBuffer: 256 * 1024 * 1024 }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr });
      });
    });
}

/** Runs it and hands back what it printed. @throws Error with its words when it fails */
export async function mustRun(opa: Opa, args: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await opa(args, cwd);
  if (code !== 0) throw new Error(`opa ${args[0] ?? ''} failed:\n${stderr}${stdout}`);
  return stdout;
}
