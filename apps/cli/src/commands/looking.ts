import type { Command } from 'commander';
import { showAction, watchAction } from '../handlers/actions.js';
import { doctor } from '../handlers/doctor.js';
import { exitCodes } from '../core/exit-codes.js';
import type { Context } from './context.js';

export function addLooking(program: Command, { gate, output, session, signIn }: Context): void {
  program
    .command('login')
    .description('sign in with your browser')
    .action(async () => {
      const subject = await signIn().login((url) => {
        output().result({ url }, `Open this address to sign in:\n\n  ${url}\n`);
      });
      output().result({ subject }, `Signed in as ${subject}.`);
    });
  program
    .command('logout')
    .description('forget the sign-in on this machine')
    .action(() => {
      session().remove();
      output().result({ signed_out: true }, 'Signed out.');
    });
  const actions = program.command('actions').description('follow what agents asked for');
  actions.command('show <action>').description('where an action stands').action((id: string) => showAction(gate(), output(), id)); // prettier-ignore
  actions.command('watch <action>').description('follow it to its end').action((id: string) => watchAction(gate(), output(), id)); // prettier-ignore
  program
    .command('doctor')
    .description('check that everything works that has to; changes nothing')
    .action(async () => {
      if (!(await doctor(gate(), output()))) process.exitCode = exitCodes.negative;
    });
}
