import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { agentUrn, callHeader, requestType, serviceEvents, serviceUrn, topics, topicSettings } from '#contracts';
import { serviceNames, type ServiceName } from '#platform';
import { newActionId } from '#sdk';
import { callHeaders, signingKey, signRequest, signServiceToken } from '#trust';
import { sallyport } from '../../apps/cli/src/commands/program.js';
import { root } from '../../tools/world/place.js';
import { node } from '../../tools/world/service-program.js';
import { credentialNames, type CredentialName } from '../support/agent-credentials.js';
import { Bus, type BusMessage } from '../support/bus.js';
import { eventually } from '../support/eventually.js';
import { inLanes } from '../support/lanes.js';
import { Leaving } from '../support/leaving.js';
import { refund, RunningGate } from '../support/running-gate.js';
import { scratchFolder } from '../support/scratch.js';
import { commands, namesOf } from './doors-commands.js';
import { approver, keyringOf, lifecycle, placeOf, setTheStage, type Stage, type Things } from './doors-stage.js';
import { doors, refusals, type Call, type Door } from './doors-table.js';

/*
 * No credential that an agent can hold decides a request. The doors are those that the routers of the running processes name, the commands those
 * of the program itself; each is tried with everything that an agent can hold, in the very call that its rightful caller makes in the end.
 */

jest.setTimeout(120_000);

let stage: Stage;
/** What the agent has asked under ids of its own. */
const asked = new Set<string>();
const leaving = new Leaving();
const scratch = leaving.add(scratchFolder('doors'), (folder) => folder.remove());

beforeAll(async () => {
  const loud = Object.fromEntries(serviceNames.map((name) => [name, { SALLYPORT_LOG_LEVEL: 'debug' }]));
  const scimTokenFile = join(scratch.dir, 'scim.token');
  writeFileSync(scimTokenFile, scimToken, { mode: 0o600 });
  const wish = { dir: scratch.dir, agents: 4, services: loud, scimTokenFile };
  const gate = leaving.add(await RunningGate.start(wish), (one) => one.stop());
  const bus = leaving.add(await Bus.connect(gate.brokers), (one) => one.stop());
  stage = await setTheStage(gate, bus);
}, 180_000);

afterAll(async () => {
  await leaving.all();
}, 90_000);

/** What an identity provider pushes people with: its doors are open, so they are tried. */
const scimToken = randomBytes(32).toString('base64url');

/** `credentials GET /v1/leases/:id`, for each route that a router has told its log. */
function openDoors(): string[] {
  return serviceNames.flatMap((service) =>
    readFileSync(stage.gate.world.logFile(service), 'utf8')
      .split('\n')
      .filter((line) => line.includes('"http.route"'))
      .map((line) => JSON.parse(line) as { method: string; route: string })
      .map(({ method, route }) => `${service} ${method} ${route}`),
  );
}

/** A door answers HEAD as it answers GET, without the body; so its line is that of GET. */
const lineOf = (door: string): string => door.replace(/^(\w+) HEAD /u, '$1 GET ');

const partsOf = (door: string): { service: ServiceName; method: string } => {
  const [service = '', method = ''] = door.split(' ');
  return { service: service as ServiceName, method };
};

async function knock(door: string, call: Call, headersFor: (k: Knocking) => Promise<HeadersOf> | HeadersOf) {
  const { service, method } = partsOf(door);
  const url = stage.gate.world.serviceUrl(service) + call.path;
  const body = method === 'HEAD' ? undefined : call.body;
  const send = async (nonce?: string): Promise<Response> => {
    const ifMatch = call.headers?.['if-match'];
    const headers = await headersFor({ service, method, url: url.split('?')[0] ?? url, body, nonce, ifMatch });
    const type: HeadersOf = body === undefined ? {} : { 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(15_000);
    return fetch(url, { method, headers: { ...type, ...call.headers, ...headers }, signal, ...(body && { body }) });
  };
  const first = await send();
  const nonce = first.headers.get('dpop-nonce');
  if (first.status !== 401 || nonce === null) return answerOf(first);
  await first.body?.cancel();
  return answerOf(await send(nonce));
}

type HeadersOf = Record<string, string>;
interface Knocking {
  service: ServiceName;
  method: string;
  url: string;
  body: string | undefined;
  nonce: string | undefined;
  ifMatch: string | undefined;
}

async function answerOf(answer: Response): Promise<{ said: string; text: string }> {
  const text = await answer.text();
  const isProblem = answer.headers.get('content-type')?.includes('problem+json') === true && text !== '';
  const code = isProblem ? ` ${(JSON.parse(text) as { code: string }).code}` : '';
  return { said: `${String(answer.status)}${code}`, text };
}

function refusalOf({ who, gets }: Door, name: CredentialName): string {
  return gets?.[name] ?? refusals[who][name] ?? refusals[who].otherwise;
}

/** What is the agent's own business is tried below, with what it gets. */
function isItsOwn({ who }: Door, name: CredentialName, about: Things): boolean {
  if (who === 'tool') return name === 'a proof by its tool';
  const isAgentsDoor = who === 'agent' || who === 'agent or person';
  const isItsProof = name === 'its own proof' || (who === 'agent' && name === 'its own proof beside a bearer');
  return isAgentsDoor && isItsProof && about === stage.own;
}

describe('the doors of the services', () => {
  it('are the lines of the table: who may use each is decided when it is opened', () => {
    expect([...new Set(openDoors().map(lineOf))].sort()).toEqual(Object.keys(doors).sort());
  });

  it.each(credentialNames)('open to no agent with %s, but for its own', async (name) => {
    const tries = openDoors().flatMap((door) => [stage.own, stage.other].map((about) => ({ door, about })));
    const wrong = await inLanes(tries, 4, async ({ door, about }) => {
      const line = doors[lineOf(door)];
      if (line === undefined || isItsOwn(line, name, about)) return [];
      const expected = refusalOf(line, name);
      const { said, text } = await knock(door, await line.call(about, stage), (k) =>
        stage.credentials.headers(name, k),
      );
      const isHead = door.includes(' HEAD ');
      const isSo = isHead ? said.slice(0, 3) === expected.slice(0, 3) : said === expected;
      const tellsOfOther = text.includes(stage.other.agent.id);
      const words = `${said}${tellsOfOther ? ' and tells of the other agent' : ''}, not ${expected}`;
      return isSo && !tellsOfOther ? [] : [`${door} about ${about.agent.id}: ${words}`];
    });
    expect(wrong.flat()).toEqual([]);
  });

  /** Whoever has got hold of a person's access token, and of everything else but that person's key. */
  it('change nothing for the token of somebody who may, without that person’s own signature on this very call', async () => {
    const tries = Object.entries(doors).filter(([door, { who }]) => isForPeople(who) && changesSomething(door));
    expect(tries.length).toBeGreaterThan(10);
    const wrong = await inLanes(tries, 4, async ([door, line]) => {
      const { as = '', bare } = line;
      const call = await (bare?.call ?? line.call)(stage.other, stage);
      const token = { authorization: `Bearer ${await stage.gate.issuer.token(as, urlOf(door))}` };
      const stolen: [string, (k: Knocking) => Promise<HeadersOf>][] = [
        ['only the token', () => Promise.resolve({})],
        ['the signature of another person', (k) => signedBy(as === 'olga' ? 'felix' : 'olga', k)],
        ['the signature of another call', (k) => signedBy(as, { ...k, url: `${k.url}/x` })],
        ['the signature of another body', (k) => signedBy(as, { ...k, body: '{}' })],
      ];
      const said = await Promise.all(stolen.map(async ([what, made]) => {
        const answer = await knock(door, call, async (k) => ({ ...token, ...(await made(k)) }));
        return answer.said === (bare?.gets ?? '401 proof_invalid') ? [] : [`${door} with ${what}: ${answer.said}`];
      }));
      return said.flat();
    });
    expect(wrong.flat()).toEqual([]);
  }); // prettier-ignore

  it('take no request that it signs in the name of another agent', async () => {
    const { own, other, gate } = stage;
    const aud = `${gate.world.serviceUrl('intake')}/v1/actions`;
    const value = JSON.stringify({ subject: { type: 'agent', id: other.agent.id }, ...refund(1) });
    const ce = { id: newActionId(), source: agentUrn(other.agent.id), type: requestType };
    const signature = signRequest(signingKey(own.agent.signing), value, { aud, iat: now(), ce });
    const call = { path: '/v1/actions', body: value, headers: { 'sallyport-signature': signature } };
    expect((await knock('intake POST /v1/actions', call, () => ({}))).said).toBe('401 signature_invalid');
  });
});

const isForPeople = (who: Door['who']): boolean => /\bperson\b/u.test(who);
const changesSomething = (door: string): boolean => !/^\w+ (?:GET|HEAD) /u.test(door);
const urlOf = (door: string): string => stage.gate.world.serviceUrl(partsOf(door).service);

/** What this person's own key says about a call. */
async function signedBy(person: string, { method, url, body, ifMatch }: Knocking): Promise<HeadersOf> {
  return callHeaders(await stage.gate.voter(person), { method, url, body, ifMatch });
}

const now = (): number => Math.floor(Date.now() / 1_000);

describe('the topics', () => {
  it('are written by services only, but for the requests', () => {
    expect(topicSettings.map(({ topic }) => topic).sort()).toEqual([...Object.values(topics)].sort());
    expect(topicSettings.filter(({ writers }) => writers.includes('agents')).map(({ topic }) => topic)).toEqual([
      topics.requests,
    ]);
  });

  it('hear no service from an agent that says each event among the requests, in its words or under its own signature', async () => {
    const { bus } = stage;
    const known = await lifecycle(bus);
    for (const { type } of serviceEvents) {
      const genuine = known.find(({ headers }) => headers['ce_type'] === type)?.value;
      const abouts = [stage.own, stage.other];
      const messages = abouts.flatMap((about) => saying(type, about, genuine ?? exampleOf(type, about)));
      await bus.send(topics.requests, messages);
    }
    await eventually(async () => {
      const ends = await bus.admin.fetchTopicOffsets(topics.requests);
      const [read] = await bus.admin.fetchOffsets({ groupId: 'sallyport.intake', topics: [topics.requests] });
      const at = new Map(read?.partitions.map(({ partition, offset }) => [partition, offset]));
      expect(ends.filter(({ partition, high }) => high !== '0' && at.get(partition) !== high)).toEqual([]);
    }, { withinMs: 30_000 }); // prettier-ignore
  });

  /** As the service would send it; the same with the agent's signature; and as a request of the agent's under the id of the action. */
  function saying(type: string, about: Things, value: string): BusMessage[] {
    const id = about.toVote.actionId;
    const key = signingKey(stage.own.agent.signing);
    const source = agentUrn(stage.own.agent.id);
    const aud = `${stage.gate.trust.gate}/${topics.requests}`;
    const [service = ''] = serviceNames.filter((name) => sources[type.split('.')[1] ?? ''] === name);
    const plain = { ce_specversion: '1.0', ce_subject: id, ce_sequence: '99', 'content-type': 'application/json' };
    const said = { ...plain, ce_id: newActionId(), ce_source: serviceUrn(service), ce_type: type };
    const fresh = newActionId();
    asked.add(fresh);
    const signed = [
      { id: fresh, source, type },
      { id, source, type: requestType },
    ].map((ce) => ({
      ...plain, ce_id: ce.id, ce_source: ce.source, ce_type: ce.type,
      'sallyport-signature': signRequest(key, value, { aud, iat: now(), ce }),
    })); // prettier-ignore
    return [said, ...signed].map((headers) => ({ key: id, headers, value }));
  }

  function exampleOf(type: string, { agent, toVote }: Things): string {
    const file = join(root, 'test/contract/events', `${type.slice('sallyport.'.length)}.json`);
    const example = JSON.parse(readFileSync(file, 'utf8')) as object;
    return JSON.stringify({ ...example, action_id: toVote.actionId, agent_id: agent.id });
  }
});

/** The first word of an event's type, and who says it. */
const sources: Readonly<Record<string, ServiceName>> = {
  action: 'intake', policy: 'policy', approval: 'approvals', review: 'approvals', lease: 'credentials', registry: 'registry',
}; // prettier-ignore

describe('the commands', () => {
  const bearers = [
    'nothing', 'its action token as a bearer', 'a person’s token by its own key', 'its identity provider’s token for itself',
  ] as const; // prettier-ignore

  it('are the lines of the table', () => {
    expect(namesOf(sallyport()).sort()).toEqual(Object.keys(commands).sort());
  });

  it.each(bearers)('do nothing for an agent that signed in with %s', async (name) => {
    const wrong = await inLanes(Object.entries(commands), 3, async ([words, { args, exit }], index) => {
      const home = await homeWith(name, `${String(bearers.indexOf(name))}-${String(index)}`);
      const ended = await run([...words.split(' '), ...args(stage, home)], home);
      return ended.code === exit ? [] : [`${words}: ${String(ended.code)}, not ${String(exit)}. ${ended.text}`];
    });
    expect(wrong.flat()).toEqual([]);
  });

  /** A sign-in file as `login` would write it, with this in the place of each token. */
  async function homeWith(name: CredentialName, folder: string): Promise<string> {
    const { gate } = stage;
    const home = join(scratch.dir, 'homes', folder);
    mkdirSync(home, { recursive: true });
    const services = Object.fromEntries(serviceNames.map((one) => [one, gate.world.serviceUrl(one)]));
    writeFileSync(join(home, 'cli.json'), JSON.stringify({ issuer: gate.issuer.issuer, client_id: 'cli', services }));
    const tokens: Record<string, object> = {};
    for (const service of serviceNames) {
      const knocking = { service, method: 'GET', url: services[service] ?? '' };
      const { authorization = '' } = await stage.credentials.headers(name, knocking);
      const token = authorization.replace('Bearer ', '');
      if (token !== '') tokens[services[service] ?? ''] = { token, expires_at: now() + 600 };
    }
    const session = { issuer: gate.issuer.issuer, subject: approver, tokens };
    if (name !== 'nothing') writeFileSync(join(home, 'default.json'), JSON.stringify(session), { mode: 0o600 });
    return home;
  }

  function run(args: readonly string[], home: string): Promise<{ code: number; text: string }> {
    const env = {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: join(root, '.cache', 'node'),
      SALLYPORT_CLI_CONFIG: join(home, 'cli.json'),
      SALLYPORT_CLI_HOME: home,
    };
    return new Promise((ended) => {
      const program = join(root, 'dist/programs/cli.js');
      execFile(node, [program, ...args], { cwd: '/', env, timeout: 30_000 }, (error, _, text) => {
        ended({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, text });
      });
    });
  }
});

describe('after all of that', () => {
  it('nothing has happened at the gate, but that it told the agent that its requests are none', async () => {
    const { bus, said, gate } = stage;
    const marker = await gate.agent(1).sdk.ask(refund(1));
    await gate.agent(1).sdk.wait(marker);
    const since = (await lifecycle(bus)).filter((record) => !said.has(placeOf(record)));
    const isRejected = ({ key, headers }: (typeof since)[number]): boolean =>
      asked.has(key) && /\.rejected\./u.test(headers['ce_type'] ?? '');
    const happened = since.filter((record) => record.key !== marker.actionId && !isRejected(record));
    expect(happened.map(({ topic, key, headers }) => `${topic} ${headers['ce_type'] ?? ''} ${key}`)).toEqual([]);
  });
});

describe('who may, gets in with the very same call:', () => {
  it.each(Object.entries(doors))('%s', async (door, line) => {
    for (const { about, headers, call } of await rightful(door, line)) {
      let last: { sent: Call; with: HeadersOf } | undefined;
      await eventually(async () => {
        const sent = call ?? (await line.call(about, stage));
        const { said, text } = await knock(door, sent, async (k) => {
          last = { sent, with: await headers(k) };
          return last.with;
        });
        expect([said, text.slice(0, 300)]).toEqual([String(line.status), text.slice(0, 300)]);
      });
      if (last?.with[callHeader] === undefined) continue;
      const { with: again, sent } = last;
      expect((await knock(door, sent, () => again)).said).toBe('401 proof_invalid');
    }
  });

  interface Rightful {
    about: Things;
    headers: (k: Knocking) => Promise<HeadersOf> | HeadersOf;
    call?: Call;
  }

  async function rightful(door: string, { who, as = '', about, bare, linked }: Door): Promise<Rightful[]> {
    const { own, other, gate, credentials } = stage;
    const url = gate.world.serviceUrl(partsOf(door).service);
    const bearer = (token: string) => () => ({ authorization: `Bearer ${token}` });
    const prover: Rightful = { about: own, headers: (k) => credentials.headers('its own proof', k) };
    const person = async (): Promise<Rightful> => {
      const token = { authorization: `Bearer ${await gate.issuer.token(as, url)}` };
      const isSigned = changesSomething(door) && bare === undefined;
      const signed = async (k: Knocking): Promise<HeadersOf> => (isSigned ? signedBy(as, k) : {});
      return { about: about === 'own' ? own : other, headers: async (k) => ({ ...token, ...(await signed(k)) }) };
    };
    if (who === 'agent') return [prover];
    if (who === 'agent or person') return [prover, await person()];
    if (who === 'tool') return [{ about: own, headers: (k) => credentials.headers('a proof by its tool', k) }];
    if (who === 'service')
      return [{ about: other, headers: bearer(signServiceToken(keyringOf(gate, as), { aud: url })) }];
    if (who === 'identity provider') return [{ about: other, headers: bearer(scimToken) }];
    if (who === 'signed request') return [signed()];
    if (linked !== undefined) return [{ about: other, headers: () => ({}), call: await linked(other, stage) }];
    return who === 'anonymous' ? [{ about: other, headers: () => ({}) }] : [await person()];
  }

  function signed(): Rightful {
    const { own, gate } = stage;
    const { value, signature } = own.agent.sdk.sign(refund(1), `${gate.world.serviceUrl('intake')}/v1/actions`);
    const call = { path: '/v1/actions', body: value, headers: { 'sallyport-signature': signature } };
    return { about: own, headers: () => ({}), call };
  }
});
