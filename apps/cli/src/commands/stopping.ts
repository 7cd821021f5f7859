import { Argument, type Command } from 'commander';
import { killScope } from '#contracts';
import { pullSwitch, releaseSwitch, showSwitch } from '../handlers/kill-switch.js';
import type { Context } from './context.js';

const reason = '--reason <text>';

export function addKillSwitch(program: Command, { gate, output }: Context): void {
  const killSwitch = program.command('kill-switch').description('stop everything, or everything of one kind, at once');
  killSwitch
    .command('pull')
    .description('from the answer on nothing in the scope is released or used; what is live is ended')
    .addArgument(new Argument('<scope>', 'what to stop').choices(killScope.options))
    .argument('[id]', 'which agent, profile or target, or the name of the action')
    .requiredOption(reason, 'why')
    .action((scope: string, id: string | undefined, options: { reason: string }, command: Command) => {
      if (scope === 'global' && id !== undefined) command.error('error: global stops everything and takes no id');
      if (scope !== 'global' && id === undefined) command.error(`error: which ${scope}? name it after the scope`);
      return pullSwitch(gate(), output(), { scope, ...(id !== undefined && { id }), reason: options.reason });
    });
  killSwitch
    .command('show')
    .description('what is pulled, and how far its work is')
    .action(() => showSwitch(gate(), output()));
  killSwitch
    .command('release <pull>')
    .description('let it go again; two different security officers have to')
    .requiredOption(reason, 'why')
    .action((id: string, options: { reason: string }) =>
      releaseSwitch(gate(), output(), { id, reason: options.reason }),
    );
}
