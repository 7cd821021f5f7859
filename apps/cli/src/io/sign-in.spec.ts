import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestIssuer } from '../../../../test/support/issuer.js';
import { SessionError, SessionFile } from './session.js';
import { SettingsMissing, type CliSettings } from './settings.js';
import { SignIn } from './sign-in.js';

/** A provider as the command line meets it: it says where its doors are, and gives tokens for any code. */
class Provider {
  readonly asked: URLSearchParams[] = [];
  readonly server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      void this.answer(request.url ?? '', Buffer.concat(chunks).toString()).then((body) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    });
  });
  nonce = '';

  constructor(private readonly tokens: TestIssuer) {}

  get issuer(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  private async answer(path: string, body: string): Promise<object> {
    if (path !== '/token') {
      const at = (name: string): string => `${this.issuer}/${name}`;
      const doors = { authorization_endpoint: at('auth'), token_endpoint: at('token'), jwks_uri: `${this.tokens.issuer}/jwks` };
      const can = { id_token_signing_alg_values_supported: ['ES256'], authorization_response_iss_parameter_supported: true };
      return { issuer: this.issuer, ...doors, ...can };
    }
    const asked = new URLSearchParams(body);
    this.asked.push(asked);
    const id_token = await this.tokens.idToken('ann', this.nonce, { iss: this.issuer, aud: asked.get('client_id') });
    return { access_token: 'a', token_type: 'bearer', expires_in: 60, refresh_token: 'r', id_token };
  } // prettier-ignore
}

const names = ['registry', 'intake', 'policy', 'approvals', 'credentials', 'notifier', 'audit'] as const;
const services = Object.fromEntries(
  names.map((name) => [name, `https://gate.example/${name}`]),
) as CliSettings['services'];
const folder = mkdtempSync(join(tmpdir(), 'sallyport-sign-in-'));
let tokens: TestIssuer;
let first: Provider;
let second: Provider;

beforeAll(async () => {
  tokens = await TestIssuer.start();
  [first, second] = [new Provider(tokens), new Provider(tokens)];
  await Promise.all([first, second].map(({ server }) => once(server.listen(0, '127.0.0.1'), 'listening')));
});

afterAll(async () => {
  for (const { server } of [first, second]) server.close().closeAllConnections();
  await tokens.stop();
  rmSync(folder, { recursive: true });
});

/** Signs in as a browser would; `answered` changes what the provider sends it back with. */
async function login(profile: string, issuer?: string, answered: (answer: URL) => void = () => undefined) {
  const other = { issuer: second.issuer, client_id: 'other', audiences: { approvals: 'api://approvals' } };
  const settings: CliSettings = { issuer: first.issuer, client_id: 'cli', services, other_issuers: [other] };
  const file = new SessionFile(folder, profile);
  const signIn = new SignIn(settings, file);
  const opened: URL[] = [];
  const said = signIn.login('n', (address) => {
    const url = new URL(address);
    opened.push(url);
    const at = [first, second].find((one) => one.issuer === url.origin);
    const answer = new URL(url.searchParams.get('redirect_uri') ?? '');
    if (at !== undefined) at.nonce = url.searchParams.get('nonce') ?? '';
    answer.search = new URLSearchParams({ code: 'c', state: url.searchParams.get('state') ?? '', iss: url.origin }).toString();
    answered(answer);
    void fetch(answer).then((page) => page.text());
  }, issuer); // prettier-ignore
  const signedIn = await said;
  return { signedIn, signIn, file, opened };
}

describe('signing in', () => {
  it('is at the first provider, unless another is named', async () => {
    const { file, opened, signedIn } = await login('one');
    expect([signedIn.subject, file.read()?.issuer]).toEqual(['ann', first.issuer]);
    expect(opened[0]?.searchParams.get('client_id')).toBe('cli');
    expect(opened[0]?.searchParams.getAll('resource')).toContain('https://gate.example/approvals');
  });

  it('is at the provider that is named, by its client, for the services as it knows them; and so is every further token', async () => {
    const { file, opened, signIn } = await login('two', second.issuer);
    expect(file.read()?.issuer).toBe(second.issuer);
    expect(opened[0]?.searchParams.get('client_id')).toBe('other');
    expect(opened[0]?.searchParams.getAll('resource')).toEqual(names.map((name) => (name === 'approvals' ? 'api://approvals' : services[name])));
    expect(await signIn.tokenFor(services.approvals)).toBe('a');
    await signIn.tokenFor(services.audit);
    const asked = second.asked.map((each) => [each.get('grant_type'), each.get('client_id'), each.get('resource')]);
    expect(asked).toEqual([
      ['authorization_code', 'other', 'api://approvals'],
      ['refresh_token', 'other', 'https://gate.example/audit'],
    ]);
  }); // prettier-ignore

  it('is at none that is not listed', async () => {
    await expect(login('three', 'https://evil.example')).rejects.toThrow(SettingsMissing);
  });

  it.each<[string, (answer: URL) => void]>([
    ['another provider', (answer) => { answer.searchParams.set('iss', second.issuer); }],
    ['nobody', (answer) => { answer.searchParams.delete('iss'); }],
    ['another sign-in', (answer) => { answer.searchParams.set('state', 'other'); }],
  ])('keeps nothing of an answer of %s', async (_, answered) => {
    const before = first.asked.length;
    const failed = login('mixed', first.issuer, answered);
    await expect(failed).rejects.toThrow(SessionError);
    await expect(failed).rejects.toThrow(`no answer of ${first.issuer}`);
    expect(new SessionFile(folder, 'mixed').read()).toBeUndefined();
    expect(first.asked).toHaveLength(before);
  }); // prettier-ignore
});
