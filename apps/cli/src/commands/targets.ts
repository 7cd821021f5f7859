import { InvalidArgumentError, type Command } from 'commander';
import { exitCodes } from '../core/exit-codes.js';
import { profileWish, readerWish, type ProfileWish } from '../core/target-wish.js';
import { dropStranger, listAccess, listStrangers } from '../handlers/strangers.js';
import type { AdminReference, InstallOptions } from '../handlers/targets.js';
import type { Context } from './context.js';

const reading =
  (read: (text: string) => ProfileWish | undefined, form: string) =>
  (text: string, before: ProfileWish[]): ProfileWish[] => {
    const wish = read(text);
    if (wish === undefined) throw new InvalidArgumentError(`like ${form}`);
    return [...before, wish];
  };

const adminFile = [
  '--admin-file <file>',
  'holds a superuser’s postgres:// URL; else SALLYPORT_TARGET_ADMIN_URL',
] as const;

export function addTargets(program: Command, { gate, output }: Context): void {
  const targets = program.command('targets').description('prepare what agents are let into');
  targets
    .command('install')
    .description('bring a target into the state that leases need')
    .command('postgres')
    .description('functions, the gate’s login and profiles in a PostgreSQL database; safe to run again')
    .option(...adminFile)
    .requiredOption('--secret-file <file>', 'where the connection of the gate’s login is kept; made when it is not there')
    .option('--login <name>', 'the gate’s login there', 'sallyport_gate')
    .option('--profile <name=group>', 'a profile of a group that exists; `:seconds` behind it is its longest time', reading(profileWish, 'orders_ddl=orders_ddl:600'), [])
    .option('--read-only <name=tables>', 'a profile and a group that may only read these tables', reading(readerWish, 'orders_reader=public.orders,public.customers'), [])
    .option('--harden', 'take from PUBLIC what leases do not need, CONNECT on other databases of the server too', false)
    .action(async (options: InstallOptions) => {
      // Loaded here only: a PostgreSQL client is slow to load, and no other command needs one.
      const { installPostgres } = await import('../handlers/targets.js');
      await installPostgres(output(), options);
    });
  targets
    .command('check')
    .description('is a target as it must be; changes nothing')
    .command('postgres')
    .description('looks at functions, rights, profiles and what PUBLIC may do')
    .option(...adminFile)
    .action(async (options: AdminReference) => {
      const { checkPostgres } = await import('../handlers/targets.js');
      if (!(await checkPostgres(output(), options))) process.exitCode = exitCodes.negative;
    });
  targets
    .command('access <target>')
    .description('who gets to a target without the gate')
    .action((target: string) => listAccess(gate(), output(), target));
  targets
    .command('strangers')
    .description('what stands at targets and belongs to no running lease')
    .action(() => listStrangers(gate(), output()));
  targets
    .command('drop-stranger <target> <lease>')
    .description('let it be dropped there, with what it owns; security officers')
    .requiredOption('--reason <text>', 'why')
    .action((target: string, lease: string, options: { reason: string }) =>
      dropStranger(gate(), output(), { target, lease, reason: options.reason }),
    );
} // prettier-ignore
