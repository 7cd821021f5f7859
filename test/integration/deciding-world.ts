import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { approvalAnswer, judgementBody, policyApprovalRequired, serviceUrn, type DecisionView } from '#contracts';
import { migrate, roleOf } from '#database';
import { createApp, loadSettings, Log, newId } from '#platform';
import { ApprovalsModule, migrations } from '../../apps/approvals/src/approvals.module.js';
import { settings as definition } from '../../apps/approvals/src/config.js';
import { agentId } from '../../apps/approvals/src/core/plan.fixture.js';
import { accept, judge, plans, type Accepted } from '../../apps/approvals/src/gate.fixture.js';
import { freePorts } from '../../tools/world/ports.js';
import { Ballots, liveKey, type Unsigned } from '../support/ballots.js';
import { eventually } from '../support/eventually.js';
import { anAgentSpec, aSigningKey } from '../support/gate.js';
import type { RegistryWorld } from './registry-world.js';

const password = 'only-for-this-test';

export interface Decided {
  status: number;
  body: Record<string, unknown>;
}

/** A request that waits, and what is shown of it. */
export interface Open {
  actionId: string;
  view: DecisionView;
  viewDigest: string;
}

/** The real approvals beside the real registry, on one Kafka and one PostgreSQL. Policy is a small server that wants one person of `dba`. */
export class DecidingWorld {
  readonly #asked: Accepted[] = [];
  readonly #ballots: Ballots;
  readonly #app: NestFastifyApplication;
  readonly #policy: Server;
  readonly #url: string;

  private constructor(
    readonly registry: RegistryWorld,
    parts: { app: NestFastifyApplication; policy: Server; url: string },
  ) {
    this.#ballots = new Ballots(registry.gate);
    this.#app = parts.app;
    this.#policy = parts.policy;
    this.#url = parts.url;
    parts.policy.on('request', (request, response) => {
      void this.#judge(request).then((body) => response.setHeader('content-type', 'application/json').end(body));
    });
  }

  /** The registry has started, with Rita as its registrar. */
  static async beside(registry: RegistryWorld): Promise<DecidingWorld> {
    await migrate(registry.adminUrl, [{ service: 'approvals', password, migrations }]);
    await registry.register('people', 'olga', registry.person('olga'));
    await registry.register('agents', agentId, anAgentSpec([aSigningKey().jwk], { owner: 'olga' }));
    const policy = createServer();
    await once(policy.listen(0, '127.0.0.1'), 'listening');
    const [port = 0] = await freePorts(1);
    const policyUrl = `http://127.0.0.1:${String((policy.address() as AddressInfo).port)}`;
    const settings = loadSettings(definition, {
      SALLYPORT_MODE: 'demo',
      SALLYPORT_GATE_ID: registry.gate.id,
      SALLYPORT_DATABASE_URL: registry.postgres.urlAs(roleOf('approvals'), password, new URL(registry.adminUrl).pathname.slice(1)),
      SALLYPORT_KAFKA_BROKERS: registry.kafka.brokers,
      SALLYPORT_TRUST_FILE: registry.gate.trustFile,
      SALLYPORT_KEYS_FILE: registry.gate.keysFile('approvals'),
      SALLYPORT_OIDC_ISSUERS: registry.issuer.setting,
      SALLYPORT_APPROVALS_PORT: String(port),
      SALLYPORT_REGISTRY_URL: registry.url('registry'),
      SALLYPORT_POLICY_URL: policyUrl,
      SALLYPORT_CREDENTIALS_URL: policyUrl,
    }); // prettier-ignore
    const log = new Log('approvals', 'error');
    const app = await createApp({ name: 'approvals', settings, log }, ApprovalsModule.forSettings(settings));
    await app.listen(port, '127.0.0.1');
    await app.startAllMicroservices();
    return new DecidingWorld(registry, { app, policy, url: `http://127.0.0.1:${String(port)}` });
  }

  /** A request of the agent that is open for a person of `dba`, as soon as `reader` can see it; with the digest of its view. */
  async open(reader: string): Promise<Open> {
    const accepted = accept(this.registry.gate);
    this.#asked.push(accepted);
    const { actionId } = accepted;
    const data = {
      action_id: actionId,
      agent_id: agentId,
      evidence: judge(this.registry.gate, accepted, { plan: plans.one() }),
    };
    const headers = {
      ce_specversion: '1.0',
      ce_id: newId(),
      ce_source: serviceUrn('policy'),
      ce_type: policyApprovalRequired.type,
      ce_subject: actionId,
      ce_sequence: '1',
      ce_time: new Date().toISOString(),
      'content-type': 'application/json',
      traceparent: '00-11111111111111111111111111111111-2222222222222222-01',
    };
    await this.registry.bus.produce(policyApprovalRequired.topic, [
      { key: actionId, headers, value: JSON.stringify(data) },
    ]);
    return eventually(async () => {
      const { status, body } = await this.call(reader, 'GET', `/v1/approvals/${actionId}`);
      if (status !== 200) throw new Error(`${String(status)} ${JSON.stringify(body)}`);
      const { decision: view, view_digest: viewDigest } = approvalAnswer.parse(body);
      return { actionId, view, viewDigest };
    });
  }

  vote(by: string, { actionId, view, viewDigest }: Open): Promise<Decided> {
    const said: Unsigned = { decision: 'approve', reason: 'ok', view_digest: viewDigest, confirmed: [] };
    const body = this.#ballots.sign({ iss: this.registry.issuer.issuer, sub: by }, view, said);
    return this.call(by, 'POST', `/v1/approvals/${actionId}/votes`, body);
  }

  async call(by: string, method: string, path: string, body?: object): Promise<Decided> {
    const token = await this.registry.issuer.token(by, this.#url);
    const response = await fetch(this.#url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Decided['body'] };
  }

  /** Before the registry world, whose Kafka and PostgreSQL it uses. */
  async remove(): Promise<void> {
    await this.#app.close();
    this.#policy.closeAllConnections();
    this.#policy.close();
  }

  async #judge(request: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (request.url === '/v1/person-keys/state') return JSON.stringify(liveKey(body));
    const { evidence } = judgementBody.parse(body);
    const accepted = this.#asked.find((one) => one.request.acceptance === evidence.acceptance);
    if (accepted === undefined) return '{}';
    const { facts, verdict } = judge(this.registry.gate, accepted, {
      purpose: 'vote',
      outcome: 'allow',
      plan: undefined,
    });
    return JSON.stringify({ facts, verdict });
  }
}
