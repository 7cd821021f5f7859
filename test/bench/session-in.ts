import pg from 'pg';
import type { ServiceName } from '#platform';
import type { RunningGate } from '../support/running-gate.js';

/** A session of the superuser in the schema of one service, past its doors and without its role's limits. */
export async function sessionIn(gate: RunningGate, service: ServiceName): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: gate.world.adminUrl });
  client.on('error', () => undefined);
  await client.connect();
  await client.query(`SET search_path TO ${service}`);
  return client;
}
