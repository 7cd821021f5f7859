import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { personKeyAnswer, type CeremonyAnswer } from '#contracts';
import {
  Envelope,
  generatePrivateJwk,
  keyNonce,
  freshSecret,
  Keyring,
  personKeySeconds,
  readKeysFile,
  readPersonKey,
  sealKeysOf,
  readStepUp,
  signingKey,
  signServiceToken,
  wrapKey,
  type Enveloped,
  type KeysFile,
  type PublicJwk,
} from '#trust';
import { RewrapSignIns } from '../../apps/credentials/src/handlers/rewrap-sign-ins.js';
import { BrowserWithKey } from '../support/chromium.js';
import { eventually } from '../support/eventually.js';
import { SecurityKey } from '../support/security-key.js';
import { read } from './answers.js';
import { CredentialsWorld, codeOf, type Answer } from './credentials-world.js';
import { SecurityKeyDesk, type Decided } from './security-key-desk.js';

let world: CredentialsWorld;
let desk: SecurityKeyDesk;

beforeAll(async () => {
  world = await CredentialsWorld.start();
  desk = new SecurityKeyDesk(world);
  // The service follows the registry by itself; until it knows its people, it knows nobody.
  await eventually(async () => {
    expect((await register()).answer.status).toBe(201);
  });
}, 120_000);

afterAll(async () => {
  await world.remove();
}, 60_000);

function envelopedOf(row: Record<string, unknown> | undefined): Enveloped {
  const { sealed, kek_id: kek, data_key: wrapped } = row ?? {};
  return { sealed: sealed as Buffer, key: { kek: kek as string, wrapped: wrapped as Buffer } };
}

/** The service takes it up by itself. */
function changeKeys(how: (file: KeysFile) => KeysFile): void {
  writeFileSync(world.keysFile, JSON.stringify(how(readKeysFile(world.keysFile))));
}

interface Attempt {
  person?: string;
  /** Whose sign-in it is. */
  sub?: string;
  claims?: Record<string, unknown>;
  jwk?: PublicJwk;
  random?: string;
  nonce?: string;
}

async function register(attempt: Attempt = {}): Promise<{ answer: Answer; jwk: PublicJwk; idToken: string }> {
  const { person = 'ada', sub = person, claims, jwk = signingKey(generatePrivateJwk('P-256')).jwk } = attempt;
  const random = attempt.random ?? freshSecret();
  const idToken = await world.peers.idTokenFor(sub, attempt.nonce ?? keyNonce(jwk, random), claims);
  const answer = await world.asPerson(person, 'POST', '/v1/person-keys', { id_token: idToken, jwk, random });
  return { answer, jwk, idToken };
}

describe('a key that a sign-in commits to', () => {
  it('is vouched for, with whose it is and until when', async () => {
    const authTime = Math.floor(Date.now() / 1_000) - 1_000;
    const { answer } = await register({ claims: { auth_time: authTime } });
    expect(answer.status).toBe(201);
    const { statement, thumbprint, until } = personKeyAnswer.parse(answer.body);
    const said = { thumbprint, iss: world.peers.url, sub: 'ada', sid: 's-ada', until: authTime + personKeySeconds };
    expect(readPersonKey(world.keys.trust, statement)).toMatchObject(said);
    expect(until).toBe(said.until);
  });

  it('is kept with its sign-in, which nobody reads in the database', async () => {
    const { answer, idToken } = await register();
    const { thumbprint } = personKeyAnswer.parse(answer.body);
    const [row] = await world.admin('SELECT * FROM credentials.person_keys WHERE thumbprint = $1', [thumbprint]);
    const sealed = row?.['sealed'] as Buffer;
    const stored = `${JSON.stringify(row)} ${sealed.toString('latin1')}`;
    for (const part of idToken.split('.')) expect(stored).not.toContain(part);
    const opened = await world.part(Envelope).open(envelopedOf(row), thumbprint);
    expect(JSON.parse(opened ?? '{}')).toMatchObject({ id_token: idToken, provider_key: { kty: 'EC', crv: 'P-256' } });
    expect(await world.part(Envelope).open(envelopedOf(row), 'another key')).toBeUndefined();
  });

  it('is wrapped anew under a new KEK, its text untouched, in batches; what nobody can open holds up nothing', async () => {
    const registered = personKeyAnswer.parse((await register()).answer.body).thumbprint;
    const rows = () => world.admin('SELECT * FROM credentials.person_keys ORDER BY thumbprint');
    const keyring = world.part(Keyring);
    const strange = wrapKey(randomBytes(32), randomBytes(32));
    await world.admin(
      `INSERT INTO credentials.person_keys (thumbprint, iss, sub, authenticated_at, until, sealed, kek_id, data_key)
       SELECT substr(thumbprint, 1, 39) || to_char(n, 'FM0000'), iss, sub, authenticated_at, until, sealed, kek_id, data_key
       FROM credentials.person_keys, generate_series(1, 250) n WHERE thumbprint = $1`, [registered]); // prettier-ignore
    await world.admin(
      `INSERT INTO credentials.person_keys (thumbprint, iss, sub, authenticated_at, until, sealed, kek_id, data_key) VALUES
       ($1, 'i', 'old', now(), now() + interval '1 h', $2, NULL, NULL), ($3, 'i', 'strange', now(), now() + interval '1 h', 'x', $4, $5)`,
      ['-'.repeat(43), keyring.seal('sealed before', '-'.repeat(43)), '_'.repeat(43), strange.kek, strange.wrapped]); // prettier-ignore
    const before = await rows();
    const first = keyring.sealingId();
    changeKeys((file) => ({ ...file, seal_keys: [randomBytes(32).toString('base64url'), ...sealKeysOf(file)] }));
    await eventually(() => {
      expect(keyring.sealingId()).not.toBe(first);
    });
    const round = await world.part(RewrapSignIns).all();
    expect([round.current, ...round.elsewhere]).toEqual([keyring.sealingId(), [strange.kek, 1]]);
    const after = await rows();
    const texts = (of: typeof after) =>
      of.filter(({ sub }) => sub !== 'old').map(({ sealed }) => (sealed as Buffer).toString('hex'));
    expect(texts(after)).toEqual(texts(before));
    changeKeys(({ seal_keys = [], ...file }) => ({ ...file, seal_keys: seal_keys.slice(0, 1) }));
    await eventually(() => {
      expect(keyring.unwrap(envelopedOf(before.find(({ kek_id }) => kek_id === first)).key)).toBeUndefined();
    });
    const opened = (of: string) =>
      world.part(Envelope).open(envelopedOf(after.find(({ thumbprint }) => thumbprint === of)), of);
    expect(await opened(registered)).toContain('id_token');
    expect(await opened('-'.repeat(43))).toBe('sealed before');
    await expect(opened('_'.repeat(43))).rejects.toMatchObject({ code: 'kek_unknown' });
  });

  it('is registered once', async () => {
    const { jwk } = await register();
    expect(codeOf((await register({ jwk })).answer)).toBe('401 token_invalid');
  });

  it.each<[string, Attempt]>([
    ['of a sign-in of somebody else', { sub: 'bob' }],
    ['that the sign-in did not commit to', { nonce: keyNonce(signingKey(generatePrivateJwk('P-256')).jwk, freshSecret()) }],
    ['of a sign-in for another client', { claims: { aud: 'console' } }],
    ['of a sign-in of long ago', { claims: { iat: Math.floor(Date.now() / 1_000) - 301 } }],
    ['of somebody who was authenticated more than eight hours ago', { claims: { auth_time: Math.floor(Date.now() / 1_000) - personKeySeconds } }],
  ])('is refused: one %s', async (_, attempt) => {
    expect(codeOf((await register(attempt)).answer)).toBe('401 token_invalid');
  }); // prettier-ignore

  it('is refused when it is no public key, or more than one', async () => {
    const secret = generatePrivateJwk('P-256');
    expect(codeOf((await register({ jwk: secret })).answer)).toBe('400 schema_mismatch');
    const { x, y } = secret;
    const offCurve = { kty: 'EC', crv: 'P-256', x: y ?? '', y: x };
    expect(codeOf((await register({ jwk: offCurve })).answer)).toBe('400 schema_mismatch');
  });

  it('is ended by its person with another account of theirs', async () => {
    const { thumbprint } = personKeyAnswer.parse((await register({ person: 'eve' })).answer.body);
    const identities = ['eve', 'eve-2'].map((sub) => ({ iss: world.peers.url, sub }));
    await world.register('people', 'eve', { identities, name: 'eve', limits: [], state: 'active' });
    expect(codeOf(await world.asPerson('eve-2', 'POST', `/v1/person-keys/${thumbprint}/end`))).toBe('200 ended');
  });

  it('is ended by its person, once and for all, and by nobody else', async () => {
    const { answer } = await register();
    const { thumbprint } = personKeyAnswer.parse(answer.body);
    const end = (person: string) => world.asPerson(person, 'POST', `/v1/person-keys/${thumbprint}/end`);
    expect(codeOf(await end('bob'))).toBe('404 not_found');
    expect(codeOf(await end('ada'))).toBe('200 ended');
    const endedAt = async () =>
      (await world.admin('SELECT ended_at FROM credentials.person_keys WHERE thumbprint = $1', [thumbprint]))[0]?.[
        'ended_at'
      ];
    const first = await endedAt();
    expect(first).toBeInstanceOf(Date);
    expect(codeOf(await end('ada'))).toBe('200 ended');
    expect(await endedAt()).toEqual(first);
    expect(codeOf(await world.asPerson('ada', 'POST', '/v1/person-keys/none/end'))).toBe('404 not_found');
  });
});

describe('a session that its provider ends', () => {
  beforeAll(() => world.person('lou'));
  const keyOf = async (attempt: Attempt): Promise<string> =>
    personKeyAnswer.parse((await register({ person: 'lou', ...attempt })).answer.body).thumbprint;
  const logout = async (token: string | Promise<string>, form?: string): Promise<{ said: string; cache: string | null }> => {
    const body = form ?? new URLSearchParams({ logout_token: await token }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await fetch(`${world.url}/v1/backchannel-logout`, { method: 'POST', headers, body });
    const cache = answer.headers.get('cache-control');
    const { body: problem, status, text } = await read(answer);
    return { said: text === '' ? String(status) : `${String(status)} ${String(problem['code'])}`, cache };
  };
  const stateOf = async (thumbprint: string): Promise<string> => {
    const bearer = signServiceToken(world.keys.keyring('approvals'), { aud: world.url });
    const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
    return codeOf(await read(await fetch(`${world.url}/v1/person-keys/state`, { method: 'POST', headers, body: JSON.stringify({ thumbprint }) })));
  };

  it('has no key that signs any more, nor gets one; other sessions go on', async () => {
    const [one, two] = [await keyOf({ claims: { sid: 'one' } }), await keyOf({ claims: { sid: 'two' } })];
    expect([await stateOf(one), await stateOf(two), await stateOf('A'.repeat(43))]).toEqual(['200 live', '200 live', '200 ended']);
    expect(await logout(world.peers.logoutTokenFor({ sid: 'one' }))).toEqual({ said: '200', cache: 'no-store' });
    expect([await stateOf(one), await stateOf(two)]).toEqual(['200 ended', '200 live']);
    expect(codeOf((await register({ person: 'lou', claims: { sid: 'one' } })).answer)).toBe('401 token_invalid');
    expect(await stateOf(await keyOf({ claims: { sid: 'three' } }))).toBe('200 live');
  });

  it('may be all of a person: those without a name too, and each sign-in from before', async () => {
    const [bare, named] = [await keyOf({ claims: { sid: undefined } }), await keyOf({ claims: { sid: 'four' } })];
    expect((await logout(world.peers.logoutTokenFor({ sub: 'lou', sid: 'five' }))).said).toBe('200');
    expect([await stateOf(bare), await stateOf(named)]).toEqual(['200 ended', '200 live']);
    expect((await logout(world.peers.logoutTokenFor({ sub: 'lou' }))).said).toBe('200');
    expect(await stateOf(named)).toBe('200 ended');
    const ago = Math.floor(Date.now() / 1_000) - 60;
    const before = { person: 'lou', claims: { sid: 'six', iat: ago, auth_time: ago } };
    expect(codeOf((await register(before)).answer)).toBe('401 token_invalid');
    const later = Math.floor(Date.now() / 1_000) + 3;
    expect(await stateOf(await keyOf({ claims: { sid: 'seven', iat: later } }))).toBe('200 live');
  });

  it('is ended at the same moment in which its key is registered: then there is no such key either', async () => {
    for (const sid of ['r1', 'r2', 'r3', 'r4', 'r5', 'r6']) {
      const [{ answer }] = await Promise.all([register({ person: 'lou', claims: { sid, iat: Math.floor(Date.now() / 1_000) + 3 } }), logout(world.peers.logoutTokenFor({ sid }))]);
      const registered = personKeyAnswer.safeParse(answer.body).data;
      expect(registered === undefined ? codeOf(answer) : await stateOf(registered.thumbprint)).toMatch(/^(?:401 token_invalid|200 ended)$/u);
    }
  });

  it('is told once, by its provider; whoever else asks learns nothing', async () => {
    const later = Math.floor(Date.now() / 1_000) + 3;
    const token = await world.peers.logoutTokenFor({ sid: 'eight' });
    expect([(await logout(token)).said, (await logout(token)).said]).toEqual(['200', '400 logout_token_invalid']);
    const key = await keyOf({ claims: { sid: 'nine', iat: later } });
    const own = new URLSearchParams({ logout_token: await world.peers.logoutTokenFor({ sid: 'nine' }) }).toString();
    const refused = await Promise.all([
      logout('a.b.c'), logout('', ''), logout('', '{}'), logout('', `${own}&${own}`),
      logout(world.peers.logoutTokenFor({ sid: 'nine' }, { nonce: 'n' })), logout(world.peers.idTokenFor('lou', 'n', { sid: 'nine' })),
    ]);
    expect([...new Set(refused.map((one) => JSON.stringify(one)))]).toEqual([JSON.stringify({ said: '400 logout_token_invalid', cache: 'no-store' })]);
    expect(await stateOf(key)).toBe('200 live');
    const many = await Promise.all(Array.from({ length: 120 }, () => logout('a.b.c')));
    expect(many.some(({ said }) => said === '429 rate_limited')).toBe(true);
  });
}); // prettier-ignore

describe('a security key', () => {
  const blue = new SecurityKey();

  it('is enrolled once on a page that its person has asked for', async () => {
    const begun = await desk.enrolment('bob');
    const made = blue.create(await desk.touchOf(begun));
    expect(codeOf(await desk.send(begun, made, 'A'.repeat(43)))).toBe('404 not_found');
    expect(codeOf(await desk.send(begun, { ...made, id: 'x' }))).toBe('401 proof_invalid');
    expect(codeOf(await desk.send(begun, made))).toBe('200 done');
    expect(codeOf(await desk.send(begun, made))).toBe('410 already_used');
    expect((await desk.page(begun)).status).toBe(410);
    expect((await world.asPerson('bob', 'GET', '/v1/webauthn-keys')).body).toMatchObject({
      keys: [{ credential_id: blue.name, label: 'blue', enrolled_by: 'bob' }],
    });
  });

  it('is not enrolled for whoever has one by themselves, or for others but by a registrar', async () => {
    expect(codeOf(await desk.askForKey('bob'))).toBe('403 not_eligible');
    expect(codeOf(await desk.askForKey('eve', { label: 'x', person: 'bob' }))).toBe('403 not_eligible');
    await world.register('groups', 'registrars', { members: ['sam'], channel: {} });
    expect(codeOf(await desk.askForKey('sam', { label: 'x', person: 'nobody' }))).toBe('404 not_found');
    const second = new SecurityKey();
    const begun = await desk.enrolment('sam', { label: 'spare', person: 'bob' });
    expect(codeOf(await desk.send(begun, second.create(await desk.touchOf(begun))))).toBe('200 done');
    const end = (who: string) => world.asPerson(who, 'POST', `/v1/webauthn-keys/${second.name}/end`);
    expect(codeOf(await end('eve'))).toBe('404 not_found');
    expect(codeOf(await end('bob'))).toBe('200 ended');
    expect(codeOf(await desk.use(second, await desk.stepUp('bob', desk.action())))).toBe('401 proof_invalid');
  });

  it('confirms one decision on one view of one action, once', async () => {
    const decided = desk.action();
    const begun = await desk.stepUp('bob', decided);
    const touch = await desk.touchOf(begun);
    const opposite = await desk.stepUp('bob', decided, { decision: 'deny' });
    const another = await desk.stepUp('bob', desk.action());
    const wider = { ...decided, plan: world.plan({ step_up: true, veto: ['soc-lead'] }) };
    const otherView = await desk.stepUp('bob', wider);
    const signed = blue.get(touch);
    for (const page of [opposite, another, otherView]) {
      expect(codeOf(await desk.send(page, signed))).toBe('401 proof_invalid');
    }
    expect(codeOf(await desk.send(begun, blue.get({ ...touch, verified: false })))).toBe('401 proof_invalid');
    expect(codeOf(await desk.send(begun, new SecurityKey().get(touch)))).toBe('401 proof_invalid');
    expect(await desk.result('bob', begun)).toEqual({ state: 'waiting' });
    expect(codeOf(await desk.send(begun, signed))).toBe('200 done');
    expect(codeOf(await desk.send(begun, signed))).toBe('410 already_used');
    const { statement = '' } = await desk.result('bob', begun);
    expect(readStepUp(world.keys.trust, statement)).toMatchObject({ decision: 'approve', action_id: decided.action.actionId, sub: 'bob' });
    expect((await desk.result('ada', begun)).state).toBe('404 not_found');
  }); // prettier-ignore

  it('confirms only what policy, intake and the agent have signed, as it is shown', async () => {
    const decided = desk.action();
    const body = desk.bodyOf(decided);
    const path = `/v1/step-up/${decided.action.actionId}`;
    const ask = (more: object) => world.asPerson('bob', 'POST', path, { ...body, ...more });
    expect(codeOf(await ask({ view_digest: `sha256:${'A'.repeat(43)}` }))).toBe('409 view_changed');
    const { evidence } = desk.bodyOf(desk.action());
    expect(codeOf(await ask({ evidence }))).toBe('409 evidence_invalid');
    expect(codeOf(await ask({ evidence: { ...body.evidence, facts: { x: { value: 1, source: 's', at: '2026-11-24T10:00:00.000Z' } } } }))).toBe('409 evidence_invalid');
    expect(codeOf(await world.asPerson('eve', 'POST', path, body))).toBe('403 step_up_required');
  }); // prettier-ignore

  it('is on a page that runs no script but its own', async () => {
    const answer = await desk.page(await desk.stepUp('bob', desk.action()));
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  });
});

describe('an action whose plan asks for security keys', () => {
  const key = new SecurityKey();
  beforeAll(async () => {
    await desk.enrol(key, 'ada');
    world.peers.judge = (action) => world.verdict(action);
  });

  async function confirmed(decided: Decided): Promise<string> {
    const begun = await desk.stepUp('ada', decided);
    await desk.use(key, begun);
    return (await desk.result('ada', begun)).statement ?? '';
  }

  it('is released when the votes were confirmed', async () => {
    const { action, plan } = desk.action();
    await world.grant(action, ['ada'], { plan, confirmed: { ada: await confirmed({ action, plan }) } });
    expect((await world.redeem(await world.offered(action), action)).status).toBe(200);
  });

  it.each<[string, (decided: Decided) => Promise<Record<string, string>>]>([
    ['another action was confirmed', async () => ({ ada: await confirmed(desk.action()) })],
    ['somebody else confirmed', async (decided) => {
      const begun = await desk.stepUp('ada', decided);
      return { ada: (await desk.result('ada', begun)).statement ?? 'a.b.c' };
    }],
  ])('is refused when %s', async (_, confirmedBy) => {
    const decided = desk.action();
    const { action, plan } = decided;
    await world.grant(action, ['ada'], { plan, confirmed: await confirmedBy(decided) });
    await world.hears(action, 'refused/evidence_invalid');
  }); // prettier-ignore

  it('is not released when nobody confirmed', async () => {
    const { action, plan } = desk.action();
    await world.grant(action, ['ada'], { plan });
    expect(codeOf(await world.redeem(await world.offered(action), action))).toBe('409 evidence_invalid');
  });

  it('is refused at the release when the assertion beside a genuine statement is not by the key in the list', async () => {
    const decided = desk.action();
    const { action, plan } = decided;
    await world.grant(action, ['ada'], { plan, confirmed: { ada: await confirmed(decided) } });
    const lease = await world.offered(action);
    const put = 'UPDATE credentials.webauthn_keys SET public_key = $2 WHERE credential_id = $1';
    const [row] = await world.admin('SELECT public_key FROM credentials.webauthn_keys WHERE credential_id = $1', [key.name]);
    const [other] = await world.admin('SELECT public_key FROM credentials.webauthn_keys WHERE credential_id <> $1', [key.name]);
    await world.admin(put, [key.name, other?.['public_key']]);
    expect(codeOf(await world.redeem(lease, action))).toBe('409 evidence_invalid');
    await world.admin(put, [key.name, row?.['public_key']]);
  }); // prettier-ignore
});

describe('in a real browser', () => {
  it('a person enrols, confirms, and is refused for another page and a second time', async () => {
    const browser = await BrowserWithKey.open();
    try {
      await world.person('zoe');
      expect(await browser.use((await desk.enrolment('zoe')).url)).toBe('done');
      const decided = desk.action();
      const begun = await desk.stepUp('zoe', decided);
      const sent = browser.page.waitForRequest((request) => request.url().endsWith('/answer'));
      expect(await browser.use(begun.url)).toBe('done');
      const { credential } = (await sent).postDataJSON() as { credential: unknown };
      expect((await desk.result('zoe', begun)).statement).toBeDefined();
      const others: [string, CeremonyAnswer][] = [
        ['another action', await desk.stepUp('zoe', desk.action())],
        ['the opposite decision', await desk.stepUp('zoe', decided, { decision: 'deny' })],
        ['another view', await desk.stepUp('zoe', { ...decided, plan: world.plan({ step_up: true, veto: ['soc-lead'] }) })],
      ];
      for (const [what, page] of others) expect([what, codeOf(await desk.send(page, credential))]).toEqual([what, '401 proof_invalid']);
      expect(codeOf(await desk.send(begun, credential))).toBe('410 already_used');
      await browser.verifies(false);
      expect(await browser.use((await desk.stepUp('zoe', decided)).url)).toBe('failed');
      expect(browser.violations).toEqual([]);
    } finally {
      await browser.close();
    }
  }, 60_000); // prettier-ignore
});
