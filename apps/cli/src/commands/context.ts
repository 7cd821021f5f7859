import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { Gate } from '../io/gate.js';
import { Output } from '../io/output.js';
import { SessionFile } from '../io/session.js';
import { cliSettings, type CliSettings } from '../io/settings.js';
import { SignIn } from '../io/sign-in.js';

/** What commands work with, made when a command runs: a command that needs no gate runs without one. */
export interface Context {
  output: () => Output;
  settings: () => CliSettings;
  session: () => SessionFile;
  signIn: () => SignIn;
  gate: () => Gate;
}

export function contextOf(program: Command): Context {
  const folder = process.env['SALLYPORT_CLI_HOME'] ?? join(homedir(), '.config', 'sallyport');
  const output = (): Output => new Output(program.opts<{ json: boolean }>().json);
  const settings = (): CliSettings => cliSettings(process.env, process.cwd());
  const session = (): SessionFile => new SessionFile(folder, program.opts<{ as: string }>().as);
  const signIn = (): SignIn => new SignIn(settings(), session());
  return { output, settings, session, signIn, gate: () => new Gate(settings(), signIn()) };
}
