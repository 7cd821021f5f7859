import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serviceNames, urlName, type ServiceName } from '#platform';
import { readTrustFile, verifierKeysIn } from '#trust';
import { cliClient, issuerUrl } from '../world/embedded-settings.js';
import { root } from '../world/place.js';
import { PortError, portSetting, type PortName } from '../world/ports-of-world.js';
import { gateId } from '../world/service-environment.js';
import { serviceUrls } from '../world/service-program.js';
import type { WorldOptions } from '../world/world-options.js';
import type { World } from '../world/world.js';
import { publicKey } from './agent-files.js';
import { startPrograms } from './demo-programs.js';
import { Installation, toolNames, type ToolName } from './installation.js';
import { registerAll } from './register-all.js';
import { documentsOf, times, yamlOf, type Words } from './registry-documents.js';
import { issuerOf, writeStage, writeWhole, type Stage } from './stage.js';
import { TargetDatabase } from './target-database.js';

/** The two topics on which the demo's agents hear, and who may read each. */
const agentTopics = [
  { name: 'operations', principal: 'User:agents-operations' },
  { name: 'commerce', principal: 'User:agents-commerce' },
];

/**
 * The demo around a gate: people, an identity provider, a mailbox, a webhook receiver, tools, a shop, agents. Made before
 * the world, whose services need some of its settings.
 */
export class DemoWorld {
  readonly installation: Installation;
  /** Ports that the demo's programs listen on. */
  readonly usedPorts: PortName[] = ['identity', 'mailbox', 'smtp', 'tool', 'webhook'];

  constructor({ dir, ports }: Pick<WorldOptions, 'dir' | 'ports'>) {
    this.installation = new Installation(dir, ports);
  }

  /** What the world must be started with. What the starting person has set stays as it is. */
  settings(env: WorldOptions['env']): Pick<WorldOptions, 'services' | 'agentTopics'> {
    const { dir, files, ports } = this.installation;
    files.folder('channels');
    files.write(join('channels', 'webhook-url'), `http://127.0.0.1:${ports.webhook}/hook`);
    files.write(join('channels', 'webhook-key'), this.installation.webhookKey());
    const people = join(dir, 'people.yaml');
    writeFileSync(people, yamlOf(documentsOf('people.yaml', { issuer: issuerUrl(ports) })));
    const config = this.policyConfigFile(env);
    // Each start begins with what the project ships: an older copy might not fit the rules any more.
    if (env['SALLYPORT_POLICY_CONFIG_FILE'] === undefined) copyFileSync(join(root, 'policies', 'config.json'), config);
    return {
      agentTopics,
      services: {
        registry: { SALLYPORT_REGISTRY_BOOTSTRAP_FILE: people },
        policy: { SALLYPORT_POLICY_CONFIG_FILE: config },
      },
    };
  }

  /**
   * Starts everything. Afterwards a registrar has registered all there is, through the public door, and the demo can be played.
   *
   * @throws PortError before anything is started.
   */
  async start(world: World): Promise<Stage> {
    this.refuseOtherIssuer();
    await world.startParts(this.usedPorts);
    await Promise.all([world.startServices(), this.startPrograms(world)]);
    const stage = this.stage(world);
    writeStage(stage);
    this.writeCliFile(stage);
    await registerAll(stage, this.words());
    return stage;
  }

  /** The registry knows its people by the address of the provider that they sign in at, and keeps them: nobody could act. */
  private refuseOtherIssuer(): void {
    const { dir, ports } = this.installation;
    const before = issuerOf(dir);
    if (before === undefined || before === issuerUrl(ports)) return;
    throw new PortError([
      `The people in ${dir} sign in at ${before}, and this start would have their identity provider at ${issuerUrl(ports)}.`,
      `Set ${portSetting('identity')} to ${new URL(before).port} again, or begin with an empty folder (SALLYPORT_WORLD_DIR).`,
    ]);
  }

  private async startPrograms(world: World): Promise<void> {
    const target = this.target(world);
    await target.ensure();
    await startPrograms(world, this.installation, target);
  }

  private target(world: World): TargetDatabase {
    return new TargetDatabase(world.target, this.installation.files);
  }

  /** The thresholds in force, in a file that may be edited while the demo runs. */
  private policyConfigFile(env: WorldOptions['env']): string {
    return env['SALLYPORT_POLICY_CONFIG_FILE'] ?? join(this.installation.dir, 'policy-config.json');
  }

  private words(): Words {
    const entries = toolNames.flatMap((name): [string, unknown][] => [
      [`${name}-url`, this.installation.toolUrl(name)],
      [`${name}-keys`, { keys: [publicKey(this.installation.key(`tool-${name}`, 'Ed25519'), 'sig')] }],
    ]);
    const { target_postgres } = this.installation.ports;
    return { 'target-port': target_postgres, ...Object.fromEntries(entries), ...times(Date.now()) };
  }

  private stage(world: World): Stage {
    const { dir, files, ports, password } = this.installation;
    const urls = serviceUrls(ports);
    const tools = toolNames.map((name) => [name, this.installation.toolUrl(name)]);
    return {
      gate: gateId,
      dir,
      issuer: issuerUrl(ports),
      client_id: cliClient,
      services: Object.fromEntries(serviceNames.map((name) => [name, urls[urlName(name)]])) as Record<
        ServiceName,
        string
      >,
      trust_file: files.keys(gateId).trustFile,
      kafka_brokers: world.brokers,
      password,
      agents_dir: files.folder('agents'),
      policy_config_file: this.policyConfigFile(world.options.env),
      mailbox_url: `http://127.0.0.1:${ports.mailbox}`,
      webhook_url: `http://127.0.0.1:${ports.webhook}`,
      tools: Object.fromEntries(tools) as Record<ToolName, string>,
      observer_url: this.target(world).url('observer'),
    };
  }

  /** Where the command line finds this gate, with the log's key as an auditor should keep it. */
  private writeCliFile({ dir, issuer, client_id, services, kafka_brokers, trust_file }: Stage): void {
    const [audit_key] = verifierKeysIn(readTrustFile(trust_file), '1');
    const content = {
      issuer,
      client_id,
      services,
      kafka_brokers,
      trust_file,
      ...(audit_key !== undefined && { audit_key }),
    };
    writeWhole(join(dir, 'cli.json'), JSON.stringify(content, null, 2));
  }
}
