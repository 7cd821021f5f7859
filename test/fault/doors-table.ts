import { serviceNames } from '#platform';
import { generatePrivateJwk, keyNonce, freshSecret, signingKey } from '#trust';
import type { CredentialName } from '../support/agent-credentials.js';
import { approver, type Stage, type Things } from './doors-stage.js';
import { channelOf } from '../support/running-gate.js';

/**
 * Who may come through each door of each service. A door that is not here fails `doors.spec.ts`, and so does a line without a door: whoever
 * opens one says here who may use it, and how its rightful caller does.
 */
export type Who =
  | 'person'
  | 'service'
  | 'person or service'
  | 'agent'
  | 'agent or person'
  | 'tool'
  | 'identity provider'
  | 'signed request'
  /** Whoever has a logout token that a listed identity provider has signed: it has no other caller. */
  | 'logout token'
  /** Whoever has the link of a page, which is made for one person and used once. */
  | 'link'
  | 'anonymous';

/** The part of a call that is not the caller. */
export interface Call {
  path: string;
  body?: string;
  headers?: Record<string, string>;
}

export interface Door {
  who: Who;
  /** A call that is answered when its rightful caller makes it. An agent tries the same, to the letter. */
  call: (about: Things, stage: Stage) => Call | Promise<Call>;
  /** Whose call it is, where that is a person or a service. */
  as?: string;
  /** The rightful call of a person is about the other agent's things, unless it stands here. */
  about?: 'own';
  /** What the rightful caller gets; with its code where it is a problem. */
  status: number | `${number} ${string}`;
  /** Where the call itself carries what opens the door, a link or a logout token: the call of whoever has one. */
  linked?: Door['call'];
  /** Where a person's signature stands in the body itself: the same call without it, and what that gets. */
  bare?: { call: Door['call']; gets: string };
  /** What an agent gets here, where it is something else than at other doors of this kind. */
  gets?: Partial<Record<CredentialName, string>>;
}

/** What each credential of an agent gets at a door that is not for it: status and code. */
export const refusals: Record<Who, { otherwise: string } & Partial<Record<CredentialName, string>>> = {
  person: { otherwise: '401 token_invalid', 'its identity provider’s token for itself': '403 not_eligible' },
  service: { otherwise: '401 token_invalid' },
  'person or service': {
    otherwise: '401 token_invalid',
    'its identity provider’s token for itself': '403 not_eligible',
  },
  agent: {
    otherwise: '401 proof_invalid',
    'its own proof': '404 not_found',
    'its own proof beside a bearer': '404 not_found',
    'a proof by its encryption key': '401 key_unknown',
    'a proof by its tool': '404 not_found',
  },
  'agent or person': {
    otherwise: '401 token_invalid',
    'its own proof': '404 not_found',
    'a proof by its encryption key': '401 key_unknown',
    'a proof for another door': '401 proof_invalid',
    'its action token with a proof': '401 proof_invalid',
    'its identity provider’s token for itself': '403 not_eligible',
    'a proof by its tool': '404 not_found',
  },
  tool: {
    otherwise: '401 proof_invalid',
    'its own proof': '404 not_found',
    'its own proof beside a bearer': '404 not_found',
    'a proof by its encryption key': '401 key_unknown',
  },
  // In the form of RFC 7644, which has no code of ours.
  'identity provider': { otherwise: '401' },
  'signed request': { otherwise: '401 signature_missing' },
  'logout token': { otherwise: '400 logout_token_invalid' },
  link: { otherwise: '404 not_found' },
  anonymous: { otherwise: '200' },
};

const reason = JSON.stringify({ reason: 'because' });
const at =
  (path: string, rest: Omit<Call, 'path'> = {}) =>
  (): Call => ({ path, ...rest });

const open = (path: string): Door => ({ who: 'anonymous', call: at(path), status: 200 });

/** `status` is what a proven provider gets for something that is not there, or for nothing at all: it has come through the door. */
const scim = (path: string, status: number, body?: string): Door => ({
  who: 'identity provider',
  call: at(
    `/scim/v2/${path}`,
    body === undefined ? {} : { body, headers: { 'content-type': 'application/scim+json' } },
  ),
  status,
});

const everywhere = Object.fromEntries(
  serviceNames.flatMap((service) =>
    ['/livez', '/readyz', '/.well-known/jwks.json'].map((path) => [`${service} GET ${path}`, open(path)]),
  ),
);

const approval = (ticket: 'toVote' | 'toWithdraw' | 'toStop', act = ''): Door['call'] => {
  const body = act === '' || act === '/evidence' ? {} : { body: reason };
  return (about) => ({ path: `/v1/approvals/${about[ticket].actionId}${act}`, ...body });
};

/** Changes what is registered, from the version that is there. */
const replacing = async (stage: Stage, path: string, body?: object): Promise<Call> => {
  const found = await stage.gate.as('rita', 'registry', path);
  const headers = { 'if-match': found.headers.get('etag') ?? '' };
  return { path, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
};

/** Of no link. */
const noSecret = 'A'.repeat(43);

/** With whatever its sign-in commits to. */
async function registeringKey(gate: Stage['gate'], nonce?: string): Promise<Call> {
  const { jwk } = signingKey(generatePrivateJwk('P-256'));
  const random = freshSecret();
  const id_token = await gate.issuer.idToken(approver, nonce ?? keyNonce(jwk, random));
  return { path: '/v1/person-keys', body: JSON.stringify({ id_token, jwk, random }) };
}

const loggingOut = (token: string): Call => ({
  path: '/v1/backchannel-logout',
  body: new URLSearchParams({ logout_token: token }).toString(),
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
});

const unsignedVote: Door['call'] = ({ toVote, vote }) => {
  const { proof, person_key, ...said } = JSON.parse(vote) as Record<string, unknown>;
  if (proof === undefined || person_key === undefined) throw new TypeError('the vote is not signed');
  return { path: `/v1/approvals/${toVote.actionId}/votes`, body: JSON.stringify(said) };
};

const delegating: Door['call'] = async ({ toWithdraw: { actionId } }, { gate }) => ({
  path: `/v1/approvals/${actionId}/delegate`,
  body: JSON.stringify(await gate.delegationOf(approver, actionId, 'dana')),
});

const unsignedDelegation: Door['call'] = ({ toWithdraw: { actionId } }) => ({
  path: `/v1/approvals/${actionId}/delegate`,
  body: JSON.stringify({ to: 'dana', until: new Date(Date.now() + 60_000).toISOString(), reason: 'on leave' }),
});

const consuming: Door['call'] = (_, { gate, own }) => {
  const url = `${gate.toolUrl}/refunds`;
  const { authorization, dpop } = own.released.lease.authorize('POST', url);
  const body = { token: authorization.slice('DPoP '.length), agent_proof: dpop, htm: 'POST', htu: url };
  return { path: '/v1/tokens/consume', body: JSON.stringify(body) };
};

/** In the order in which the rightful callers use them in the end: what takes something away comes last. */
export const doors: Readonly<Record<string, Door>> = {
  ...everywhere,
  'audit GET /v1/log/checkpoint': open('/v1/log/checkpoint'),
  'audit GET /v1/entries': {
    who: 'person', as: 'aldo', status: 200,
    call: ({ toVote }) => ({ path: `/v1/entries?action=${toVote.actionId}` }),
  },
  'audit GET /v1/export': { who: 'person', as: 'aldo', call: at('/v1/export'), status: 200 },

  'intake POST /v1/actions': {
    who: 'signed request', status: 202,
    call: ({ agent }) => ({ path: '/v1/actions', body: JSON.stringify({ subject: { type: 'agent', id: agent.id } }) }),
  },
  'notifier GET /v1/actions/:id': {
    who: 'agent or person', as: approver, status: 200,
    call: ({ toVote }) => ({ path: `/v1/actions/${toVote.actionId}` }),
  },
  'notifier GET /v1/channels': { who: 'person', as: 'rita', call: at('/v1/channels'), status: 200 },
  'policy GET /v1/caps': { who: 'service', as: 'credentials', call: at('/v1/caps'), status: 200 },
  'policy POST /v1/judgements': {
    who: 'service', as: 'approvals', status: 200,
    call: (_, { evidence }) => ({ path: '/v1/judgements', body: JSON.stringify({ purpose: 'vote', evidence }) }),
  },
  'policy GET /v1/routing': { who: 'service', as: 'approvals', call: at('/v1/routing'), status: 200 },

  'approvals GET /v1/routing/health': { who: 'person', as: 'rita', call: at('/v1/routing/health'), status: 200 },
  'approvals GET /requests/:id': { who: 'anonymous', call: ({ toVote }) => ({ path: `/requests/${toVote.actionId}` }), status: 200 },
  'approvals GET /v1/approvals': { who: 'person', as: approver, call: at('/v1/approvals?mine=true'), status: 200 },
  'approvals GET /v1/approvals/:id/evidence': {
    who: 'person', as: approver, call: approval('toVote', '/evidence'), status: 200,
  },
  'approvals GET /v1/approvals/stream': {
    who: 'person', as: approver, call: at('/v1/approvals/stream?max_seconds=1'), status: 200,
  }, // prettier-ignore
  'approvals GET /v1/approvals/:id': { who: 'person', as: approver, call: approval('toVote'), status: 200 },
  'approvals POST /v1/approvals/:id/votes': {
    who: 'person', as: approver, status: 200,
    call: ({ toVote, vote }) => ({ path: `/v1/approvals/${toVote.actionId}/votes`, body: vote }),
    bare: { call: unsignedVote, gets: '401 proof_invalid' },
  },
  'approvals POST /v1/approvals/:id/delegate': {
    who: 'person', as: approver, call: delegating, status: 200,
    bare: { call: unsignedDelegation, gets: '401 proof_invalid' },
  },
  'approvals DELETE /v1/approvals/:id/delegate': {
    who: 'person', as: approver, status: 200,
    call: ({ toWithdraw }) => ({ path: `/v1/approvals/${toWithdraw.actionId}/delegate` }),
  },
  'approvals POST /v1/approvals/:id/question': {
    who: 'person', as: approver, status: 200,
    call: ({ toWithdraw }) => ({
      path: `/v1/approvals/${toWithdraw.actionId}/question`, body: JSON.stringify({ text: 'Which parcel?' }),
    }),
  },
  'approvals POST /v1/approvals/:id/withdraw': {
    who: 'person', as: approver, call: approval('toWithdraw', '/withdraw'), status: 200,
  },
  'approvals GET /v1/reviews': { who: 'person', as: 'dana', call: at('/v1/reviews'), status: 200 },
  'approvals POST /v1/reviews/:id/close': {
    who: 'person', as: 'dana', status: 200,
    call: (_, { review }) => ({
      path: `/v1/reviews/${review}/close`, body: JSON.stringify({ verdict: 'fit', reason: 'as the playbook says' }),
    }),
  },

  'credentials GET /v1/leases': {
    who: 'agent or person', as: 'aldo', call: at('/v1/leases'), status: 200,
    // Whatever it asks for, it sees its own.
    gets: { 'its own proof': '200' },
  },
  'credentials GET /v1/leases/:id': {
    who: 'agent or person', as: 'aldo', status: 200,
    call: ({ released }) => ({ path: `/v1/leases/${released.lease.leaseId}` }),
  },
  'credentials POST /v1/leases/:id/redeem': {
    who: 'agent', status: 200,
    call: ({ offered: { ticket, offer } }) => ({
      path: `/v1/leases/${offer.id}/redeem`, body: JSON.stringify({ action_digest: ticket.actionDigest }),
    }),
  },
  'credentials POST /v1/leases/:id/acknowledge': {
    who: 'agent', status: 200,
    call: ({ released }) => ({ path: `/v1/leases/${released.lease.leaseId}/acknowledge` }),
  },
  'credentials POST /v1/person-keys': {
    who: 'person', as: approver, status: 201,
    call: (_, { gate }) => registeringKey(gate),
    // A sign-in that says nothing about this key.
    bare: { call: (_, { gate }) => registeringKey(gate, freshSecret()), gets: '401 token_invalid' },
  },
  'credentials POST /v1/person-keys/:thumbprint/end': {
    who: 'person', as: approver, status: 200,
    call: async (_, { gate }) => ({ path: `/v1/person-keys/${(await gate.newVoter(approver)).key.kid}/end` }),
  },
  'credentials POST /v1/person-keys/state': {
    who: 'service', as: 'approvals', status: 200,
    call: at('/v1/person-keys/state', { body: JSON.stringify({ thumbprint: 'A'.repeat(43) }) }),
  },
  'credentials POST /v1/backchannel-logout': {
    who: 'logout token', status: 200,
    call: () => loggingOut('a.b.c'),
    linked: async (_, { gate }) => loggingOut(await gate.issuer.logoutToken({ sub: approver, sid: 'another' })),
  },
  'credentials GET /v1/step-up/page.js': open('/v1/step-up/page.js'),
  'credentials GET /v1/step-up/page.css': open('/v1/step-up/page.css'),
  'credentials POST /v1/step-up/:id': {
    who: 'person', as: approver, status: 201,
    call: async ({ toStop }, { securityKey }) => ({
      path: `/v1/step-up/${toStop.actionId}`, body: JSON.stringify(await securityKey.body(toStop.actionId)),
    }),
  },
  'credentials GET /v1/step-up/:id': {
    who: 'link', status: 200,
    call: ({ toStop }) => ({ path: `/v1/step-up/${toStop.actionId}?c=${noSecret}` }),
    linked: async ({ toStop }, { securityKey }) => {
      const { id, secret } = await securityKey.page(toStop.actionId);
      return { path: `/v1/step-up/${id}?c=${secret}` };
    },
  },
  'credentials POST /v1/step-up/:id/answer': {
    who: 'link', status: 200,
    call: ({ toStop }) => ({
      path: `/v1/step-up/${toStop.actionId}/answer`, body: JSON.stringify({ secret: noSecret, credential: {} }),
    }),
    linked: async ({ toStop }, { securityKey }) => {
      const begun = await securityKey.page(toStop.actionId);
      return { path: `/v1/step-up/${begun.id}/answer`, body: JSON.stringify(await securityKey.touched(begun)) };
    },
  },
  'credentials GET /v1/step-up/:id/result': {
    who: 'person', as: approver, status: 200,
    call: async ({ toStop }, { securityKey }) => {
      const { id, secret } = await securityKey.page(toStop.actionId);
      return { path: `/v1/step-up/${id}/result?c=${secret}` };
    },
  },
  'credentials POST /v1/webauthn-keys': {
    who: 'person', as: 'greta', call: at('/v1/webauthn-keys', { body: JSON.stringify({ label: 'blue' }) }), status: 201,
  },
  'credentials GET /v1/webauthn-keys': { who: 'person', as: approver, call: at('/v1/webauthn-keys'), status: 200 },
  'credentials POST /v1/kill-switch/confirm': {
    who: 'person', as: approver, status: 201,
    call: at('/v1/kill-switch/confirm', { body: JSON.stringify({ scope: 'global', reason: 'because' }) }),
  },
  'credentials POST /v1/webauthn-keys/:id/end': {
    who: 'person', as: approver, status: 200,
    call: (_, { securityKey }) => ({ path: `/v1/webauthn-keys/${securityKey.key.name}/end` }),
  },
  'credentials POST /v1/explanations': {
    who: 'service', as: 'policy', status: 200,
    call: (_, { evidence }) => ({ path: '/v1/explanations', body: JSON.stringify({ evidence }) }),
  },
  'credentials POST /v1/tokens/consume': { who: 'tool', call: consuming, status: 200 },
  'credentials POST /v1/leases/:id/complete': {
    who: 'agent', status: 202,
    call: ({ released }) => ({ path: `/v1/leases/${released.lease.leaseId}/complete` }),
  },
  'credentials POST /v1/leases/:id/end': {
    who: 'person', as: 'sam', status: 202,
    call: ({ released }) => ({ path: `/v1/leases/${released.lease.leaseId}/end`, body: reason }),
  },
  'credentials GET /v1/kill-switch': { who: 'person', as: 'aldo', call: at('/v1/kill-switch'), status: 200 },
  'credentials POST /v1/kill-switch': {
    who: 'person', as: 'sam', status: 202,
    call: (_, { pull }) => ({
      path: '/v1/kill-switch', body: JSON.stringify({ scope: 'agent', id: pull.agentId, reason: 'because' }),
    }),
  },
  'credentials POST /v1/kill-switch/:id/release': {
    who: 'person', as: 'dana', status: 202,
    call: (_, { pull }) => ({ path: `/v1/kill-switch/${pull.id}/release`, body: reason }),
  },
  'credentials GET /v1/profiles/width': { who: 'person', as: 'aldo', call: at('/v1/profiles/width'), status: 200 },
  'credentials GET /v1/strangers': { who: 'person', as: 'aldo', call: at('/v1/strangers'), status: 200 },
  'credentials GET /v1/targets/:target/access': {
    // It is no database that this gate knows, and who may not ask is not told more.
    who: 'person', as: 'aldo', call: at('/v1/targets/orders-database/access'), status: '404 not_found',
  },
  'credentials POST /v1/targets/:target/strangers/:lease/drop': {
    // There is none: who may not ask is not told so.
    who: 'person', as: 'sam', status: '404 not_found',
    call: ({ released }) => ({
      path: `/v1/targets/orders-database/strangers/${released.lease.leaseId}/drop`, body: reason,
    }),
  },
  'intake POST /v1/actions/:id/cancel': {
    who: 'agent', status: 202,
    call: ({ toCancel }) => ({ path: `/v1/actions/${toCancel.actionId}/cancel` }),
  },
  'approvals POST /v1/approvals/:id/stop': {
    who: 'person', as: approver, call: approval('toStop', '/stop'), status: 200,
  },

  'registry POST /v1/lookup': {
    who: 'service', as: 'approvals', status: 200,
    call: at('/v1/lookup', { body: JSON.stringify({ entries: [{ kind: 'groups', id: 'finance' }] }) }),
  },
  'registry GET /v1/:kind': { who: 'person', as: 'rita', call: at('/v1/groups'), status: 200 },
  'registry GET /v1/:kind/:id': {
    who: 'person', as: 'rita', call: ({ agent }) => ({ path: `/v1/agents/${agent.id}` }), status: 200,
  },
  'registry GET /v1/:kind/:id/versions': {
    who: 'person', as: 'rita', call: ({ agent }) => ({ path: `/v1/agents/${agent.id}/versions` }), status: 200,
  },
  'registry POST /v1/agents/:id/suspend': {
    who: 'person or service', as: 'sam', about: 'own', status: 200,
    call: ({ agent }) => ({ path: `/v1/agents/${agent.id}/suspend`, body: reason }),
  },
  'registry POST /v1/agents/:id/resume': {
    who: 'person', as: 'rita', about: 'own', status: 200,
    call: ({ agent }) => ({ path: `/v1/agents/${agent.id}/resume`, body: reason }),
  },
  'registry PUT /v1/:kind/:id': {
    who: 'person', as: 'rita', status: 200,
    call: (_, stage) => replacing(stage, '/v1/groups/finance', { members: ['fiona', 'felix', 'olga'], channel: channelOf('finance') }),
  },
  'registry DELETE /v1/:kind/:id': {
    who: 'person', as: 'rita', status: 200, call: (_, stage) => replacing(stage, '/v1/groups/spare'),
  },

  'registry GET /scim/v2/ServiceProviderConfig': scim('ServiceProviderConfig', 200),
  'registry GET /scim/v2/ResourceTypes': scim('ResourceTypes', 200),
  'registry GET /scim/v2/ResourceTypes/:id': scim('ResourceTypes/User', 200),
  'registry GET /scim/v2/Schemas': scim('Schemas', 200),
  'registry GET /scim/v2/Schemas/:id': scim('Schemas/urn:ietf:params:scim:schemas:core:2.0:User', 200),
  'registry GET /scim/v2/:kind': scim('Users', 200),
  'registry GET /scim/v2/:kind/:id': scim('Groups/none', 404),
  'registry POST /scim/v2/:kind': scim('Groups', 400, '{}'),
  'registry PUT /scim/v2/:kind/:id': scim('Groups/none', 404, '{}'),
  'registry PATCH /scim/v2/:kind/:id': scim('Groups/none', 404, '{}'),
  'registry DELETE /scim/v2/:kind/:id': scim('Groups/none', 404),
}; // prettier-ignore
