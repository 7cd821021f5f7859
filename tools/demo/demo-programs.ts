import { join } from 'node:path';
import { cliClient, issuerUrl } from '../world/embedded-settings.js';
import { root } from '../world/place.js';
import type { PortName } from '../world/ports-of-world.js';
import { gateId } from '../world/service-environment.js';
import { node, serviceUrls } from '../world/service-program.js';
import type { World } from '../world/world.js';
import { publicKey } from './agent-files.js';
import type { Installation, ToolName } from './installation.js';
import type { TargetDatabase } from './target-database.js';

interface Plan {
  name: string;
  file: string;
  port: PortName;
  configuration: object;
}

/** Each a process of its own, started again when it dies. */
export async function startPrograms(world: World, demo: Installation, target: TargetDatabase): Promise<void> {
  const plans = [identityProvider(world, demo), mailbox(demo), webhookReceiver(demo), tools(world, demo, target)];
  await Promise.all(plans.map((plan) => startProgram(world, demo, plan)));
}

async function startProgram(
  world: World,
  demo: Installation,
  { name, file, port, configuration }: Plan,
): Promise<void> {
  await world.startProgram({
    name,
    command: [node, programPath(file), demo.files.write(`${file}.json`, JSON.stringify(configuration))],
    cwd: root,
    readyUrl: `http://127.0.0.1:${demo.ports[port]}/readyz`,
    restart: world.options.restart,
  });
}

export function programPath(file: string): string {
  return join(root, 'dist', 'tools', 'demo', 'programs', `${file}.js`);
}

function identityProvider(world: World, demo: Installation): Plan {
  const key = demo.key('identity', 'P-256');
  return {
    name: 'identity',
    file: 'identity-provider',
    port: 'identity',
    configuration: {
      port: demo.ports.identity,
      issuer: issuerUrl(demo.ports),
      client_id: cliClient,
      resources: Object.values(serviceUrls(demo.ports)),
      people: demo.people,
      password: demo.password,
      jwk: { ...key, ...publicKey(key, 'sig') },
      cookie_secret: demo.files.password('identity-cookies'),
      logout_url: `${world.serviceUrl('credentials')}/v1/backchannel-logout`,
    },
  };
}

function mailbox({ ports }: Installation): Plan {
  return { name: 'mailbox', file: 'mailbox', port: 'mailbox', configuration: { port: ports.mailbox, smtp_port: ports.smtp } }; // prettier-ignore
}

function webhookReceiver(demo: Installation): Plan {
  const configuration = { port: demo.ports.webhook, key: demo.webhookKey() };
  return { name: 'webhook', file: 'webhook-receiver', port: 'webhook', configuration };
}

function tools(world: World, demo: Installation, target: TargetDatabase): Plan {
  const tool = (name: ToolName): object => ({
    url: demo.toolUrl(name),
    key: demo.key(`tool-${name}`, 'Ed25519'),
  });
  return {
    name: 'tool',
    file: 'tools',
    port: 'tool',
    configuration: {
      port: demo.ports.tool,
      trust_file: world.files.keys(gateId).trustFile,
      credentials_url: world.serviceUrl('credentials'),
      database_url: target.url('tools'),
      tools: { payment: tool('payment'), sharing: tool('sharing'), quarantine: tool('quarantine') },
    },
  };
}
