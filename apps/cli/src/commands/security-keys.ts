import type { Command } from 'commander';
import { addSecurityKey, endSecurityKey, listSecurityKeys } from '../handlers/security-keys.js';
import type { Context } from './context.js';

export function addSecurityKeys(program: Command, { gate, output }: Context): void {
  const keys = program.command('security-keys').description('the security keys that confirm what you decide');
  keys
    .command('add')
    .description('enrol your first one; a registrar opens every further one, and anybody’s, with --for')
    .requiredOption('--label <text>', 'what you call it')
    .option('--for <person>', 'as a registrar: for this person, who gets the address')
    .action(({ label, for: person }: { label: string; for?: string }) =>
      addSecurityKey(gate(), output(), { label, ...(person !== undefined && { person }) }),
    );
  keys
    .command('list')
    .description('those of yours that are good')
    .action(() => listSecurityKeys(gate(), output()));
  keys
    .command('end <key>')
    .description('a key that is lost confirms nothing any more')
    .action((id: string) => endSecurityKey(gate(), output(), id));
}
