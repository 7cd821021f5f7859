import type { Command } from 'commander';
import {
  addNewKey,
  listKeys,
  removeOldKey,
  retireOldKey,
  useNewKey,
  type KeyPlaces,
  type RetireAsk,
} from '../handlers/keys.js';
import type { Context } from './context.js';

/** Steps on files that lie beside the gate: no service is asked, and none has to be restarted. */
export function addKeys(program: Command, { output }: Context): void {
  const keys = program.command('keys').description('change the keys of a service, one step at a time, while it runs');
  const step = (name: string, words: string): Command =>
    keys
      .command(name)
      .description(words)
      .requiredOption('--keys <file>', 'the keys file of the service')
      .requiredOption('--trust <file>', 'the trust file of the gate');
  step('list', 'where each key of the service stands').action((places: KeyPlaces) => {
    listKeys(output(), places);
  });
  step('add <purpose>', 'make a key and pin it; the one before goes on signing').action(
    (purpose: string, places: KeyPlaces) => {
      addNewKey(output(), places, purpose);
    },
  );
  step('use <kid>', 'let it sign, or wrap').action((kid: string, places: KeyPlaces) => {
    useNewKey(output(), places, kid);
  });
  step('retire <kid>', 'destroy its private half; what it signed until now stays verifiable')
    .option('--at-once', 'do not wait for what is on its way: for a key that was stolen', false)
    .option('--nothing-left', 'of a key that wraps: nothing is under it any more', false)
    .action((kid: string, options: KeyPlaces & Omit<RetireAsk, 'kid'>) => {
      retireOldKey(output(), options, { kid, atOnce: options.atOnce, nothingLeft: options.nothingLeft });
    });
  step('remove <kid>', 'take a retired key out: nothing that it ever signed verifies any more').action(
    (kid: string, places: KeyPlaces) => {
      removeOldKey(output(), places, kid);
    },
  );
}
