import type { Command } from 'commander';
import { showAction, watchAction } from '../handlers/actions.js';
import { login, logout } from '../handlers/signing-in.js';
import { doctor } from '../handlers/doctor.js';
import { exitCodes } from '../core/exit-codes.js';
import type { Context } from './context.js';

export function addLooking(program: Command, { gate, output, session, signIn }: Context): void {
  program
    .command('login')
    .description('sign in with your browser')
    .option('--issuer <url>', 'where you sign in, if the gate has several identity providers')
    .action((options: { issuer?: string }) =>
      login({ gate: gate(), signIn: signIn(), session: session() }, output(), options),
    );
  program
    .command('logout')
    .description('end the sign-in and its voting key')
    .action(() => logout({ gate, session: session() }, output()));
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
