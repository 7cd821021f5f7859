import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { uuidv7, type ActionState, type SignedOutcome } from '#contracts';
import { actionDigest, generatePrivateJwk, newUuid7, publicPart, thumbprint, verifyRequestSignature } from '#trust';
import { aTicket, codeOf, FakeGate, offerOf, outcomeOf, problem, type Heard } from '../../../test/support/fake-gate.js';
import type { Asked } from './request.js';
import { isQuestioned } from './status.js';

const asked: Asked = {
  action: { name: 'db.schema.migrate', properties: { statement: 'ALTER TABLE orders ADD note text' } },
  resource: { type: 'postgres.database', id: 'prod/orders' },
  context: { justification: 'notes' },
  requested_access: { profile: 'orders-ddl', ttl_seconds: 300 },
};
const ticket = aTicket();

let gate: FakeGate;
beforeEach(async () => {
  gate = new FakeGate();
  await gate.start();
});
afterEach(() => gate.stop());

describe('asking', () => {
  const accept = ({ headers }: Heard) => {
    const [head = ''] = String(headers['sallyport-signature']).split('..');
    const { ce } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { ce: { id: string } };
    return { status: 202, body: { action_id: ce.id, state: 'accepted', status_url: 'x' } };
  };

  it('sends exactly the bytes that it signed, for this door, as this agent', async () => {
    gate.on('POST /v1/actions', accept);
    const { actionId, actionDigest: digest } = await gate.agent().ask(asked);
    const [heard] = gate.heard;
    const body = Buffer.from(heard?.body ?? '');
    const verified = verifyRequestSignature(body, String(heard?.headers['sallyport-signature']), {
      aud: `${gate.url}/v1/actions`,
      keys: (kid) => ({
        ...publicPart(gate.agentKey),
        kty: 'OKP',
        crv: 'Ed25519',
        y: undefined,
        kid,
        use: 'sig',
        agentId: 'a-1',
      }),
    });
    expect(verified).toMatchObject({
      ok: true,
      header: { ce: { id: actionId, type: 'sallyport.action.requested.v1' } },
    });
    const data = JSON.parse(body.toString()) as object;
    expect(data).toEqual({ subject: { type: 'agent', id: 'a-1' }, ...asked });
    expect(digest).toBe(actionDigest({ id: actionId, source: 'urn:sallyport:agent:a-1', data }));
    expect(uuidv7.safeParse(actionId).success).toBe(true);
  });

  it('names the request that it supersedes, and leaves what was asked as it was', async () => {
    gate.on('POST /v1/actions', accept);
    await gate.agent().ask(asked, undefined, { supersedes: ticket });
    const { context } = JSON.parse(gate.heard[0]?.body ?? '') as Asked;
    expect(context).toEqual({ justification: 'notes', supersedes: ticket.actionId });
    expect(asked.context).not.toHaveProperty('supersedes');
  });

  it('repeats the same request while the gate is busy, and no other', async () => {
    let refusals = 2;
    gate.on('POST /v1/actions', (heard) =>
      refusals-- > 0
        ? { status: 503, headers: { 'retry-after': '0' }, body: problem('dependency_unavailable', 503) }
        : accept(heard),
    );
    await gate.agent().ask(asked);
    expect(gate.heard).toHaveLength(3);
    expect(new Set(gate.heard.map(({ body }) => body)).size).toBe(1);
  });

  it('gives up after its patience, and at once where repeating is of no use', async () => {
    gate.on('POST /v1/actions', () => ({
      status: 429,
      headers: { 'retry-after': '60' },
      body: problem('rate_limited', 429),
    }));
    expect(await codeOf(gate.agent().ask(asked))).toBe('rate_limited');
    gate.on('POST /v1/actions', () => ({ status: 409, body: problem('id_conflict', 409) }));
    expect(await codeOf(gate.agent().ask(asked))).toBe('id_conflict');
    expect(gate.heard).toHaveLength(2);
  });

  it('does not take an answer about another action for its own', async () => {
    gate.on('POST /v1/actions', () => ({
      status: 202,
      body: { action_id: newUuid7(), state: 'accepted', status_url: 'x' },
    }));
    expect(await codeOf(gate.agent().ask(asked))).toBe('unexpected_answer');
  });

  it('refuses to sign what the gate could not read', () => {
    const unsafe = { ...asked, action: { name: 'pay', properties: { amount: 2 ** 53 } } };
    expect(() => gate.agent().sign(unsafe, 'x')).toThrow('not_i_json');
  });

  it('says when nobody answers', async () => {
    await gate.stop();
    expect(await codeOf(gate.agent({ patienceMs: 50 }).ask(asked))).toBe('no_answer');
    await gate.start();
  });
});

describe('waiting', () => {
  const answers = (...states: [ActionState, (SignedOutcome | undefined)?, object?][]) => {
    gate.on('GET /v1/actions/*', gate.proven(() => {
      const [state, outcome, more] = (states.length > 1 ? states.shift() : states[0]) ?? ['accepted'];
      return { body: { action_id: ticket.actionId, agent_id: 'a-1', state, reasons: [], history: [], outcome, ...more } };
    })); // prettier-ignore
  };

  it('learns the nonce, asks for changes, and ends with an offer', async () => {
    answers(
      ['accepted'],
      ['pending', outcomeOf(gate, ticket, 'pending', { service: 'approvals' })],
      ['offered', outcomeOf(gate, ticket, 'offered')],
    );
    const seen: string[] = [];
    const agent = gate.agent();
    const pending = await agent.wait(ticket, { until: ({ state }) => state !== 'accepted' });
    const status = await agent.wait(ticket, { until: (s) => (seen.push(s.state), s.state === 'offered') });
    expect([pending.state, status.state, seen]).toEqual(['pending', 'offered', ['offered']]);
    expect(status.lease).toEqual(offerOf(gate));
    expect(gate.heard.every(({ query }) => query.startsWith('?wait_seconds='))).toBe(true);
    expect(gate.heard).toHaveLength(4);
  });

  it('takes texts from the answer and everything else from the signed outcome', async () => {
    const outcome = outcomeOf(gate, ticket, 'denied', {
      service: 'policy',
      value: { code: 'policy_denied', reasons: ['DB-001'] },
    });
    answers([
      'offered',
      outcome,
      { reasons: [{ code: 'DB-001', text: 'no' }], lease: offerOf(gate), code: 'approved' },
    ]);
    expect(await gate.agent().wait(ticket)).toMatchObject({
      state: 'denied', code: 'policy_denied', lease: undefined, reasons: [{ code: 'DB-001', text: 'no' }],
    }); // prettier-ignore
  });

  it('hears the question of a person, and says which state and code it has seen', async () => {
    const pending = (code: string) => outcomeOf(gate, ticket, 'pending', { service: 'approvals', value: { code } });
    const question = { text: 'Which orders?', asked_at: '2027-01-15T08:00:00.000Z' };
    answers(['pending', pending('approval_required')], ['pending', pending('question_asked'), { question }]);
    const status = await gate.agent().wait(ticket, { until: isQuestioned });
    expect(status.question).toEqual({ text: 'Which orders?', askedAt: question.asked_at });
    expect(gate.heard.at(-1)?.query).toContain('&known=pending&known_code=approval_required');
  });

  it('passes over the moment in which nobody knows the action', async () => {
    let isKnown = false;
    gate.on('GET /v1/actions/*', gate.proven(() => {
      if (!isKnown) {
        isKnown = true;
        return { status: 404, body: problem('not_found', 404) };
      }
      const outcome = outcomeOf(gate, ticket, 'offered');
      return { body: { action_id: ticket.actionId, agent_id: 'a-1', state: 'offered', reasons: [], history: [], outcome } };
    })); // prettier-ignore
    expect(await gate.agent().wait(ticket)).toMatchObject({ state: 'offered' });
  });

  it('ends when its time is over', async () => {
    answers(['accepted']);
    expect(await codeOf(gate.agent().wait(ticket, { timeoutMs: 50 }))).toBe('no_answer');
  });

  it.each<[string, () => SignedOutcome | undefined]>([
    ['that nobody signed', () => undefined],
    ['of a service that may not say it', () => outcomeOf(gate, ticket, 'offered', { service: 'intake' })],
    ['of another gate', () => outcomeOf(new FakeGate(), ticket, 'offered')],
    ['about other bytes', () => outcomeOf(gate, { ...ticket, actionDigest: `sha256:${'B'.repeat(43)}` }, 'offered')],
    ['about another action', () => outcomeOf(gate, { ...ticket, actionId: newUuid7() }, 'offered')],
    ['that was changed', () => { const o = outcomeOf(gate, ticket, 'offered'); return { ...o, value: `${o.value} ` }; }],
  ])('does not believe an offer %s', async (_, outcome) => {
    answers(['offered', outcome()]);
    expect(await codeOf(gate.agent().wait(ticket))).toBe('not_trusted');
  }); // prettier-ignore

  it('proves itself with its own key', async () => {
    answers(['accepted']);
    expect(await codeOf(gate.agent({ signingKey: generatePrivateJwk('P-256') }).status(ticket))).toBe('key_unknown');
  });
});

describe('cancelling', () => {
  it('asks at the gate with proof', async () => {
    gate.on(
      'POST /v1/actions/*/cancel',
      gate.proven(() => ({ status: 202 })),
    );
    await gate.agent().cancel(ticket);
    expect(gate.heard.at(-1)?.path).toBe(`/v1/actions/${ticket.actionId}/cancel`);
    expect(thumbprint(gate.agentKey)).toHaveLength(43);
  });
});
