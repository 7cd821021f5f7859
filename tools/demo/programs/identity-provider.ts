// The demo's OpenID provider: people of a file, one password for all, no consent to click. For loopback only.
import { timingSafeEqual, createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Provider, type Configuration, type Interaction } from 'oidc-provider';
import { z } from 'zod';
import { answer, bodyOf, configuration, serve } from './program.js';

const settings = configuration(
  z.strictObject({
    port: z.int(),
    issuer: z.string(),
    client_id: z.string(),
    /** Whom tokens may be for: the URL of each service. */
    resources: z.array(z.string()),
    people: z.array(z.string()),
    password: z.string(),
    /** Private, ES256. */
    jwk: z.record(z.string(), z.unknown()),
    cookie_secret: z.string(),
    /** Who is told that a session is over. */
    logout_url: z.string(),
  }),
);

const tokenSeconds = 600;

const provider = new Provider(settings.issuer, {
  clients: [
    {
      client_id: settings.client_id,
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: ['http://127.0.0.1/callback'],
      id_token_signed_response_alg: 'ES256',
      backchannel_logout_uri: settings.logout_url,
      backchannel_logout_session_required: true,
    },
  ],
  jwks: { keys: [settings.jwk] },
  cookies: { keys: [settings.cookie_secret] },
  pkce: { required: () => true },
  scopes: ['openid', 'offline_access'],
  findAccount: (_, sub) =>
    settings.people.includes(sub) ? { accountId: sub, claims: () => Promise.resolve({ sub }) } : undefined,
  interactions: { url: (_, interaction) => `/sign-in/${interaction.uid}` },
  ttl: { AccessToken: tokenSeconds, IdToken: tokenSeconds, Interaction: 600, Session: 28_800, Grant: 28_800, RefreshToken: 28_800 },
  // The one address that it calls is the gate of this machine, which the provider's own guard of outgoing calls would not allow.
  fetch: (url, { method, headers, body, redirect, signal }: RequestInit = {}) =>
    fetch(url, { method, headers, body, redirect, signal } as RequestInit),
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (context, form) => {
        context.body = html(`${form}<button form="op.logoutForm" name="logout" value="yes">Sign out</button>`);
      },
      postLogoutSuccessSource: (context) => {
        context.body = html('<p>You are signed out.</p>');
      },
    },
    // The command line asks for the name of the session in its ID token.
    claimsParameter: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, resource) => {
        if (!settings.resources.includes(resource)) throw new Error('no such service');
        return {
          scope: '',
          audience: resource,
          accessTokenFormat: 'jwt',
          accessTokenTTL: tokenSeconds,
          jwt: { sign: { alg: 'ES256' } },
        };
      },
    },
  },
} satisfies Configuration); // prettier-ignore

// A gate that does not listen, or refuses, must not go unseen: keys of that session would live on.
provider.on('backchannel.error', (_, error) => {
  console.error('the gate was not told that a session is over', error);
});

const oidc = provider.callback();

serve((request, response) => {
  const path = new URL(request.url ?? '/', settings.issuer).pathname;
  if (path === '/readyz') {
    answer(response, 200, { ready: true });
    return;
  }
  if (!path.startsWith('/sign-in/')) {
    void oidc(request, response);
    return;
  }
  signIn(request, response).catch((error: unknown) => {
    console.error(error);
    if (!response.headersSent) page(response, 400, '<p>This sign-in is over. Start again.</p>');
  });
}, settings.port);

async function signIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const interaction = await provider.interactionDetails(request, response);
  if (request.method !== 'POST') {
    page(response, 200, form(''));
    return;
  }
  const given = new URLSearchParams((await bodyOf(request)).toString('utf8'));
  const person = given.get('login') ?? '';
  if (!settings.people.includes(person) || !isPassword(given.get('password') ?? '')) {
    page(response, 401, form('Unknown person or wrong password.'));
    return;
  }
  const grantId = await grantTo(person, interaction);
  const result = { login: { accountId: person }, consent: { grantId } };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

/** Whoever signs in here agrees to what the command line asks for: it is the gate's own client. */
async function grantTo(accountId: string, { params }: Interaction): Promise<string> {
  const grant = new provider.Grant({ accountId, clientId: settings.client_id });
  const { scope } = params;
  grant.addOIDCScope(typeof scope === 'string' ? scope : 'openid');
  return grant.save();
}

function isPassword(given: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(settings.password));
}

const form = (problem: string): string => `
  <p role="alert">${problem}</p>
  <form method="post">
    <label>Person <input name="login" autofocus autocomplete="username"></label>
    <label>Password <input name="password" type="password" autocomplete="current-password"></label>
    <button>Sign in</button>
  </form>
  <p>People of this demo: ${settings.people.join(', ')}. The password stands on the screen of <code>npm start</code>.</p>`;

function page(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  response.end(html(body));
}

function html(body: string): string {
  return `<!doctype html><html lang="en"><title>Sign in to the demo</title><h1>Sign in to the demo</h1>${body}`;
}
