// Three tools behind the gate: they run what the gate froze, and nothing that the caller wrote beside it.
import pg from 'pg';
import { GateError, guarded, ToolGate, Trust, type ConsumeAnswer, type PrivateJwk } from '#sdk';
import { z } from 'zod';
import { answer, bodyOf, configuration, endOnSignals, routes, serve, type Route } from './program.js';

const tool = z.strictObject({ url: z.string(), key: z.custom<PrivateJwk>() });
const settings = configuration(
  z.strictObject({
    port: z.int(),
    trust_file: z.string(),
    credentials_url: z.string(),
    database_url: z.string(),
    tools: z.strictObject({ payment: tool, sharing: tool, quarantine: tool }),
  }),
);

/** What the frozen action asks for, done in the shop's database. */
type Work = (frozen: ConsumeAnswer, database: pg.Pool) => Promise<unknown>;

const refund = z.strictObject({ order: z.string(), amount_minor: z.int(), currency: z.string() });
const share = z.strictObject({ counterparty: z.string(), fields: z.array(z.string()), rows: z.array(z.string()) });

const works: Record<keyof typeof settings.tools, { action: string; work: Work }> = {
  payment: {
    action: 'payment.refund',
    work: async ({ action_id, agent_id, action }, database) => {
      const { order, amount_minor, currency } = refund.parse(action.properties);
      const sql = 'INSERT INTO payments (action_id, order_id, amount_minor, currency, agent_id) VALUES ($1, $2, $3, $4, $5)';
      await database.query(sql, [action_id, order, amount_minor, currency, agent_id]);
      return { paid: amount_minor, currency, order };
    },
  },
  sharing: {
    action: 'data.share',
    work: async ({ action_id, action }, database) => {
      const { counterparty, fields, rows } = share.parse(action.properties);
      // Only the frozen rows, and of each only the frozen fields.
      const sql = `INSERT INTO shared_rows (action_id, counterparty, customer_id, shared)
        SELECT $1, $2, c.id, (SELECT jsonb_object_agg(f.key, f.value) FROM jsonb_each(to_jsonb(c)) f WHERE f.key = ANY ($3))
        FROM customers c WHERE c.id = ANY ($4)`;
      const { rowCount } = await database.query(sql, [action_id, counterparty, fields, rows]);
      return { shared: rowCount };
    },
  },
  quarantine: {
    action: 'workload.quarantine',
    work: async ({ action_id, resource }, database) => {
      const sql = `INSERT INTO workloads (id, quarantined, quarantined_by) VALUES ($1, true, $2)
        ON CONFLICT (id) DO UPDATE SET quarantined = true, quarantined_by = excluded.quarantined_by`;
      await database.query(sql, [resource.id, action_id]);
      return { quarantined: resource.id };
    },
  },
}; // prettier-ignore

const trust = Trust.read(settings.trust_file);
const database = new pg.Pool({ connectionString: settings.database_url, max: 4 });
database.on('error', (error) => {
  console.error('a connection to the shop was lost', error.message);
});

serve(
  routes(
    Object.fromEntries(
      Object.entries(settings.tools).map(([name, { url, key }]) => {
        const gate = new ToolGate({ toolUrl: url, key, trust, credentialsUrl: settings.credentials_url });
        return [`POST ${new URL(url).pathname}`, door(gate, works[name as keyof typeof works])];
      }),
    ),
  ),
  settings.port,
);
endOnSignals(() => void database.end());

/** A caller may say what it expects to be run; where that is not what was frozen, nothing is run. */
function door(gate: ToolGate, { action, work }: { action: string; work: Work }): Route {
  return async (request, response) => {
    const expected = expectation(await bodyOf(request));
    const run = guarded(gate, action, async (frozen) => {
      if (!agrees(expected, frozen))
        throw new GateError('digest_mismatch', 'the gate released something else', { status: 409 });
      return { action_id: frozen.action_id, done: await work(frozen, database) };
    });
    try {
      answer(response, 200, await run(request));
    } catch (error) {
      if (!(error instanceof GateError)) throw error;
      answer(response, error.status ?? 401, { code: error.code });
    }
  };
} // prettier-ignore

const expectationBody = z.strictObject({ properties: z.record(z.string(), z.unknown()).optional() });

function expectation(body: Buffer): Record<string, unknown> | undefined {
  return body.length === 0 ? undefined : expectationBody.parse(JSON.parse(body.toString('utf8'))).properties;
}

function agrees(expected: Record<string, unknown> | undefined, { action }: ConsumeAnswer): boolean {
  const text = (value: unknown): string => JSON.stringify(value);
  return (
    expected === undefined ||
    Object.entries(expected).every(([name, value]) => text(value) === text(action.properties[name]))
  );
}
