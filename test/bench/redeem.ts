import type { Asked } from '#sdk';
import pg from 'pg';
import { inLanes } from '../support/lanes.js';
import type { RunningGate } from '../support/running-gate.js';
import { round } from './figures.js';
import type { Offer, ProductChain } from './product-chain.js';

const lanes = 16;

/** What is offered for so many of one kind. */
export async function collectOffers(chain: ProductChain, asked: Asked, count: number): Promise<Offer[]> {
  const offers: Offer[] = [];
  chain.onOffer = (offer) => {
    offers.push(offer);
  };
  for (let sent = 0; sent < count; sent += 100) await chain.send(Math.min(100, count - sent), asked);
  await chain.drained();
  chain.onOffer = () => undefined;
  if (offers.length < count)
    throw new Error(`of ${String(count)} offered: ${String(offers.length)}; ${JSON.stringify([...chain.others])}`);
  return offers;
}

/** Offers are made first; then as many agents as lanes redeem. Answers redeems a second; completing comes after the clock has stopped. */
export async function redeemRate(chain: ProductChain, asked: Asked, count: number): Promise<number> {
  const offers = await collectOffers(chain, asked, count);
  const leases: { complete: () => Promise<void> }[] = [];
  const started = performance.now();
  await inLanes(offers, lanes, async ({ agent, ticket, value }) => {
    if (value.lease !== undefined) leases.push(await agent.sdk.redeem(ticket, value.lease));
  });
  const rate = round(leases.length / ((performance.now() - started) / 1_000));
  await inLanes(leases, lanes, (lease) => lease.complete());
  return rate;
}

/** PostgreSQL's own rate for what a role lease costs there: CREATE ROLE with a verifier, and GRANT, each in a transaction. */
export async function roleFloor(gate: RunningGate, count: number): Promise<number> {
  const clients = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const client = new pg.Client({ connectionString: gate.world.target.url('postgres') });
      await client.connect();
      return client;
    }),
  );
  const verifier = `SCRAM-SHA-256$4096:${'A'.repeat(22)}==$${'A'.repeat(43)}=:${'A'.repeat(43)}=`;
  let next = 0;
  const started = performance.now();
  await Promise.all(
    clients.map(async (client) => {
      for (let n = next++; n < count; n = next++) {
        const name = `floor_${String(n)}`;
        await client.query(`BEGIN; CREATE ROLE ${name} LOGIN PASSWORD '${verifier}' VALID UNTIL 'infinity';
          GRANT refund_writers TO ${name} WITH INHERIT TRUE, SET FALSE; COMMIT`);
      }
    }),
  );
  const rate = round(count / ((performance.now() - started) / 1_000));
  await Promise.all(clients.map((client) => client.end()));
  return rate;
}
