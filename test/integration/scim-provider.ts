import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import type { RegistryWorld } from './registry-world.js';

export interface Answered {
  status: number;
  headers: Headers;
  body: Record<string, unknown> & { id: string; detail?: string; scimType?: string };
}

interface Pushed {
  body?: unknown;
  bearer?: string;
  headers?: Record<string, string>;
}

interface Setting {
  name: string;
  issuer: string;
  subject?: string;
  people?: string[];
  groups?: Record<string, string>;
}

/** An identity provider that pushes to the registry of a world, with the bearer token that its administrator was given. */
export class ScimProvider {
  readonly token = randomBytes(32).toString('base64url');
  readonly setting: Setting & { token_file: string };

  constructor(
    private readonly url: string,
    dir: string,
    setting: Setting,
  ) {
    const file = join(dir, `${setting.name}.token`);
    writeFileSync(file, `${this.token}\n`, { mode: 0o600 });
    this.setting = { ...setting, token_file: file };
  }

  async call(method: string, path: string, { body, bearer = this.token, headers }: Pushed = {}): Promise<Answered> {
    const response = await fetch(`${this.url}/scim/v2${path}`, {
      method,
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/scim+json', ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? { id: '' } : (JSON.parse(text) as Answered['body']) }; // prettier-ignore
  }

  get(path: string): Promise<Answered> {
    return this.call('GET', path);
  }

  patch(path: string, ...Operations: unknown[]): Promise<Answered> {
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
    return this.call('PATCH', path, { body: { schemas, Operations } });
  }

  /** A user as providers push them; the spec fails when the registry refuses. */
  async user(name: string, over: object = {}): Promise<Answered['body']> {
    return made(await this.call('POST', '/Users', { body: aUser(name, over) }));
  }

  async group(displayName: string, members: readonly string[] = [], over: object = {}): Promise<Answered['body']> {
    const body = { schemas: [groupUrn], displayName, members: members.map((value) => ({ value })), ...over };
    return made(await this.call('POST', '/Groups', { body }));
  }

  async find(kind: string, filter: string, more = ''): Promise<{ total: unknown; found: Answered['body'][] }> {
    const { body } = await this.get(`/${kind}?filter=${encodeURIComponent(filter)}${more}`);
    return { total: body['totalResults'], found: (body['Resources'] ?? []) as Answered['body'][] };
  }
}

export const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const groupUrn = 'urn:ietf:params:scim:schemas:core:2.0:Group';

export function aUser(name: string, over: object = {}): Record<string, unknown> {
  return {
    schemas: [userUrn],
    userName: `${name}@corp.example`,
    externalId: `ext-${name}`,
    name: { givenName: name, familyName: 'Lee' },
    emails: [{ primary: true, type: 'work', value: `${name}@corp.example` }],
    active: true,
    ...over,
  };
}

function made({ status, body }: Answered): Answered['body'] {
  if (status !== 201) throw new Error(`${String(status)} ${JSON.stringify(body)}`);
  return body;
}

/** Lets these providers in at the next start of the registry; their issuers are trusted beside the world's own. */
export function letIn(world: RegistryWorld, providers: readonly ScimProvider[]): void {
  const listed = JSON.parse(world.issuer.setting) as { issuer: string }[];
  const others = providers.map(({ setting }) => setting.issuer).filter((issuer) => issuer !== world.issuer.issuer);
  const issuers = [...listed, ...others.map((issuer) => ({ issuer, clients: ['cli'] }))];
  world.registrySettings = {
    SALLYPORT_OIDC_ISSUERS: JSON.stringify(issuers),
    SALLYPORT_REGISTRY_SCIM_PROVIDERS: JSON.stringify(providers.map(({ setting }) => setting)),
  };
}
