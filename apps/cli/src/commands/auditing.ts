import type { Command } from 'commander';
import { exportLog } from '../handlers/audit-export.js';
import { verifierKeys } from '../handlers/audit-key.js';
import { verifyExport, type Verified } from '../handlers/audit-verify.js';
import type { Context } from './context.js';

const collect = (value: string, before: string[]): string[] => [...before, value];

export function addAudit(program: Command, { gate, output }: Context): void {
  const audit = program.command('audit').description('prove what happened');
  audit
    .command('key')
    .description('the verifier key that auditors keep, from the trust file of the gate; asks no service')
    .requiredOption('--trust <file>', 'the trust file of the gate')
    .option('--log <name>', 'which incarnation of the log', '1')
    .action(({ log, trust }: { log: string; trust: string }) => {
      const keys = verifierKeys(trust, log);
      output().result({ verifier_keys: keys }, keys.join('\n'));
    });
  audit
    .command('export <folder>')
    .description('write the whole log into a folder')
    .action((folder: string) => exportLog(gate(), output(), folder));
  audit
    .command('verify <folder>')
    .description('verify an export; needs no network and no gate')
    .requiredOption('--key <key>', 'the verifier key that you kept, or a file with it')
    .option('--since <file>', 'a checkpoint that you kept earlier')
    .option('--intake <url>', 'address of intake that agents sign for; once for each', collect, [])
    .action(async (folder: string, options: { key: string; since?: string; intake: string[] }) => {
      const verified = await verifyExport(folder, options);
      output().result(verified, screen(verified));
    });
}

function screen(v: Verified): string {
  const since = v.since === undefined ? '' : `, and it continues the checkpoint of ${v.since} entries that you kept`;
  return [
    `Verified: ${v.origin}, ${v.entries} entries${since}.`,
    `  registry entries  ${String(v.registry_entries)}, all signed by the registry`,
    `  actions           ${String(v.actions)}, of which ${String(v.open)} have not ended`,
    `  outcomes          ${String(v.outcomes)}, each signed by its holder, none said twice, no action ended twice`,
    `  released          ${String(v.released)}, each with an allow or a quorum whose evidence verifies`,
    `  votes             ${String(v.votes)}`,
    `  erased            ${String(v.erased)} values`,
  ].join('\n');
}
