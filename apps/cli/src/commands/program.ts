import { Command } from 'commander';
import { oneLine } from '../core/say.js';
import { addAudit } from './auditing.js';
import { contextOf } from './context.js';
import { addApprovals, addReviews } from './deciding.js';
import { addLooking } from './looking.js';
import { addLeases, addOperating } from './operating.js';
import { addSecurityKeys } from './security-keys.js';
import { addKillSwitch } from './stopping.js';
import { addTargets } from './targets.js';

/** All commands. Nothing is read or called before one of them runs; a wrong use is thrown as a CommanderError, told in one line. */
export function sallyport(): Command {
  const program = new Command('sallyport')
    .description('The gate between AI agents and what they must not do alone')
    .option('--json', 'print results as JSON, one a line', false)
    .option('--as <profile>', 'act as another signed-in person of this machine', process.env['SALLYPORT_CLI_PROFILE'] ?? 'default')
    .addHelpText('after', '\nExit status: 0 done, 1 a negative result, 2 wrong use, 3 something does not answer, 4 not allowed, 5 too late.')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => { write(oneLine(text)); } }); // prettier-ignore
  const context = contextOf(program);
  for (const add of [
    addLooking,
    addApprovals,
    addReviews,
    addLeases,
    addKillSwitch,
    addSecurityKeys,
    addOperating,
    addTargets,
    addAudit,
  ])
    add(program, context);
  return program;
}
