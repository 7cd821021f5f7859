import { createHash, randomBytes } from 'node:crypto';

export interface Account {
  issuer: string;
  clientId: string;
  login: string;
  password: string;
  /** The services that tokens are asked for. */
  resources: readonly string[];
  /** Commits the ID token to this person's key. */
  nonce: string;
}

export interface Tokens {
  accessToken: string;
  refreshToken: string | undefined;
  idToken: string | undefined;
  expiresInSeconds: number;
}

const redirect = 'http://127.0.0.1:1/callback';
const mostSteps = 10;

/** Signs a person in as a browser would: authorization code with PKCE, the provider's own form, a loopback redirect. */
export async function signIn(account: Account): Promise<Tokens> {
  const verifier = randomBytes(32).toString('base64url');
  const code = await authorize(account, createHash('sha256').update(verifier).digest('base64url'));
  const [resource = ''] = account.resources;
  return exchange(account, {
    grant_type: 'authorization_code', code, redirect_uri: redirect, code_verifier: verifier, resource,
  }); // prettier-ignore
}

/** A token for another service (RFC 8707), from the same sign-in. */
export function refresh(account: Account, refreshToken: string, resource: string): Promise<Tokens> {
  return exchange(account, { grant_type: 'refresh_token', refresh_token: refreshToken, resource });
}

async function authorize(account: Account, challenge: string): Promise<string> {
  return codeOf(await walk(authorizationUrl(account, challenge), account, redirect));
}

/** Goes through the provider's pages as a browser would, up to the address that it sends the answer to. */
export async function walk(
  from: string,
  account: Pick<Account, 'login' | 'password'>,
  until: string,
  browser = new Browser(),
): Promise<URL> {
  let url = from;
  let body: URLSearchParams | undefined;
  for (let step = 0; step < mostSteps; step += 1) {
    const answer = await browser.open(url, body);
    const next = answer.headers.get('location');
    if (next?.startsWith(until) === true) return new URL(next);
    if (next === null && body !== undefined) throw new Error(`${account.login} may not sign in (${answer.status})`);
    // A page without a way on is the form.
    body = next === null ? new URLSearchParams({ login: account.login, password: account.password }) : undefined;
    url = next === null ? url : new URL(next, url).href;
  }
  throw new Error(`${account.login}: signing in does not end`);
}

/** Signs out at the provider, in the browser that signed in: on its page, by its button. */
export async function signOut(issuer: string, browser: Browser): Promise<void> {
  const page = await (await browser.open(`${issuer}/session/end`)).text();
  const [, action = '', xsrf = ''] = /action="([^"]+)".*name="xsrf" value="([^"]+)"/u.exec(page) ?? [];
  const { status } = await browser.open(action, new URLSearchParams({ xsrf, logout: 'yes' }));
  if (status !== 303) throw new Error(`signing out answers ${String(status)}`);
}

function authorizationUrl({ issuer, clientId, nonce, resources }: Account, challenge: string): string {
  const parameters = new URLSearchParams({
    client_id: clientId,
    response_type: 'code',
    redirect_uri: redirect,
    scope: 'openid offline_access',
    prompt: 'consent',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    state: randomBytes(16).toString('base64url'),
    nonce,
    max_age: '3600',
    claims: JSON.stringify({ id_token: { sid: null } }),
  });
  for (const resource of resources) parameters.append('resource', resource);
  return `${issuer}/auth?${parameters.toString()}`;
}

function codeOf(answer: URL): string {
  const code = answer.searchParams.get('code');
  if (code === null) throw new Error(`the provider says ${answer.searchParams.get('error') ?? 'nothing'}`);
  return code;
}

async function exchange(account: Account, parameters: Record<string, string>): Promise<Tokens> {
  const answer = await fetch(`${account.issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: account.clientId, ...parameters }),
    signal: AbortSignal.timeout(10_000),
  });
  const body = (await answer.json()) as Record<string, unknown>;
  if (!answer.ok) throw new Error(`${account.login}: no token (${JSON.stringify(body)})`);
  const { access_token, refresh_token, id_token, expires_in } = body;
  return {
    accessToken: String(access_token),
    refreshToken: typeof refresh_token === 'string' ? refresh_token : undefined,
    idToken: typeof id_token === 'string' ? id_token : undefined,
    expiresInSeconds: Number(expires_in),
  };
}

/** Keeps cookies, and follows nothing by itself. */
export class Browser {
  readonly #cookies = new Map<string, string>();

  async open(url: string, body?: URLSearchParams): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      redirect: 'manual',
      headers: { cookie },
      signal: AbortSignal.timeout(10_000),
      ...(body === undefined ? {} : { body }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/u.exec(line) ?? [];
      this.#cookies.set(name, value);
    }
    const text = await answer.text();
    return new Response(answer.body === null ? null : text, answer);
  }
}
