import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, Get, HttpCode, Module, Post, Query, UseGuards, type NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ActionAnswer, ActionState, Known } from '#contracts';
import { ProblemFilter, Log } from '#platform';
import { generatePrivateJwk, SallyportAgent, thumbprint, Trust, type Ticket } from '#sdk';
import { generateKeys, Keyring } from '#trust';
import { freePorts } from '../../tools/world/ports.js';
import { callerOfKind, Callers, Calling, HttpTrustModule, JtiStore, ProofGuard, type Caller } from '#trust/http';

/** The SDK's proofs at the guards that the services use, over real HTTP: neither is tested against its own idea of the other. */
const actionId = '01938a1e-7c00-7000-8000-000000000001';
const leaseId = '01938a1e-7c00-7000-8000-00000000000a';
const ticket: Ticket = { actionId, actionDigest: `sha256:${'A'.repeat(43)}` };
const signing = generatePrivateJwk('Ed25519');
const seen: string[] = [];
const agent: Known<'agents'> = {
  kind: 'agents', id: 'a-1', version: 1, changed_by: 'r', changed_at: '',
  spec: {
    jwks: { keys: [] }, owner: 'o', principals: [], scope: [], limits: [], requests_per_minute: 1,
    environment: 'staging', state: 'active',
  },
}; // prettier-ignore

class OneAgent extends Callers {
  override byKey(jkt: string) {
    const key = { kty: 'OKP', crv: 'Ed25519', x: signing.x, kid: jkt, use: 'sig' } as const;
    return jkt === thumbprint(signing) ? ({ kind: 'agent', agent, key } as const) : undefined;
  }
  override byIdentity(): undefined {
    return undefined;
  }
}

class Remembered extends JtiStore {
  readonly #seen = new Set<string>();
  override async remember(jkt: string, jti: string): Promise<boolean> {
    return this.#seen.size < this.#seen.add(jkt + jti).size;
  }
}

@Controller('v1')
@UseGuards(ProofGuard)
class Doors {
  @Post('actions/:id/cancel')
  @HttpCode(202)
  cancel(@Calling() caller: Caller): void {
    seen.push(`cancel by ${callerOfKind(caller, 'agent').agent.id}`);
  }

  @Post('leases/:id/complete')
  @HttpCode(202)
  complete(): void {
    seen.push('complete');
  }

  @Get('actions/:id')
  read(@Query('wait_seconds') wait: string): ActionAnswer {
    seen.push(`read, waiting ${wait}`);
    const state: ActionState = 'accepted';
    return { action_id: actionId, agent_id: 'a-1', state, reasons: [], history: [] };
  }
}

let app: NestFastifyApplication;
let sdk: SallyportAgent;

beforeAll(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-doors-'));
  const { trustFile, keysFiles } = generateKeys('gate.test.example', dir);
  const [trust, keyring] = [Trust.read(trustFile), Keyring.read(keysFiles['intake'] ?? '')];
  rmSync(dir, { recursive: true });
  const [port = 0] = await freePorts(1);
  const publicUrl = `http://127.0.0.1:${port}`;
  const useFactory = () => ({
    publicUrl,
    trust,
    keyring,
    callers: new OneAgent(),
    jtis: new Remembered(),
    personKeys: { isLive: () => Promise.resolve(true) },
    issuers: [],
    now: () => Date.now(),
  });
  @Module({ imports: [HttpTrustModule.forService({ useFactory })], controllers: [Doors] })
  class Root {}
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest types this bag of options as a class and means any object
  const options: NestApplicationOptions = { logger: false, rawBody: true };
  app = await NestFactory.create<NestFastifyApplication>(Root, new FastifyAdapter(), options);
  app.useGlobalFilters(new ProblemFilter(new Log('intake', 'error')));
  await app.listen(port, '127.0.0.1');
  const urls = { intake: publicUrl, notifier: publicUrl, credentials: publicUrl };
  sdk = new SallyportAgent({
    agentId: 'a-1', signingKey: signing, encryptionKey: generatePrivateJwk('X25519'), trust, urls, patienceMs: 100,
  }); // prettier-ignore
});
afterAll(() => app.close());

describe('the SDK at the guards', () => {
  it('learns the nonce and is let in, with and without a body, with and without a query', async () => {
    await sdk.cancel(ticket);
    await sdk.complete(leaseId);
    expect(await sdk.status(ticket)).toMatchObject({ state: 'accepted' });
    expect(seen).toEqual(['cancel by a-1', 'complete', 'read, waiting 0']);
  });

  it('is turned away with another key', async () => {
    const stranger = new SallyportAgent({
      agentId: 'a-1', signingKey: generatePrivateJwk('P-256'), encryptionKey: generatePrivateJwk('X25519'), trust: sdk.trust,
      urls: { intake: await app.getUrl(), notifier: await app.getUrl(), credentials: await app.getUrl() },
    }); // prettier-ignore
    await expect(stranger.cancel(ticket)).rejects.toMatchObject({ code: 'key_unknown', status: 401 });
  });
});
