// `npm run compose:prepare`: the keys and passwords that docker-compose.yml mounts, each into the one container that
// needs it. Made once; what is there already stays.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { roleOf } from '#database';
import { serviceNames } from '#platform';
import { GateFiles } from '../world/gate-files.js';
import { dataDir } from '../world/place.js';

const dir = join(dataDir, 'compose');
const files = new GateFiles(dir);
const gateId = process.env['SALLYPORT_GATE_ID'] ?? 'gate.compose.example';

function databaseUrl(user: string, password: string): string {
  return `postgres://${user}:${password}@postgres:5432/sallyport`;
}

function once(name: string, content: string): void {
  if (!existsSync(join(dir, name))) files.write(name, content);
}

const adminPassword = files.password('admin');
files.write('admin_password', adminPassword);
files.write('admin_database_url', databaseUrl('sallyport_admin', adminPassword));
for (const service of serviceNames) {
  const password = files.password(service);
  files.write(`${service}_password`, password);
  files.write(`${service}_database_url`, databaseUrl(roleOf(service), password));
}
files.keys(gateId);
for (const folder of ['targets', 'channels']) mkdirSync(join(dir, folder), { recursive: true, mode: 0o700 });
once('bootstrap.yaml', '# People and the group registrars; read once, into an empty registry.\n');
once('env', environment());
console.log(`Ready in ${dir}. Say in ${join(dir, 'env')} who may sign in, and in bootstrap.yaml who registers.`);

function environment(): string {
  const user = `${process.getuid?.() ?? 1000}:${process.getgid?.() ?? 1000}`;
  return [
    `SALLYPORT_COMPOSE_USER=${user}`,
    `SALLYPORT_GATE_ID=${gateId}`,
    '# A JSON list of {issuer, jwks_uri?, clients, native_clients?}: the OpenID providers whose people may sign in.',
    '# People vote with a client of native_clients: one that runs on their own machine, such as the command line.',
    'SALLYPORT_OIDC_ISSUERS=',
    '# smtp://user:password@host:port, and the address that mails come from.',
    'SALLYPORT_NOTIFIER_SMTP_URL=',
    'SALLYPORT_NOTIFIER_MAIL_FROM=',
    '',
  ].join('\n');
}
