import type { Asked } from '#sdk';

/** What the demo's agents ask for. Ids and names are those of `demo/registry/`. */

export interface Migration {
  column: string;
  resource?: string;
  profile?: string;
  change?: Record<string, string>;
}

/** The plan that undoes exactly that. */
const rollback = (column: string): string => `ALTER TABLE orders DROP COLUMN ${column}`;

export function migrate({ column, resource = 'prod/orders', profile = 'orders-ddl', change }: Migration): Asked {
  return {
    action: { name: 'db.schema.migrate', properties: { statement: `ALTER TABLE orders ADD COLUMN ${column} text` } },
    resource: { type: 'postgres.database', id: resource },
    context: {
      justification: 'Support wants to keep a note with each order',
      change: change ?? { ticket: 'CHG-1042', rollback_plan: rollback(column) },
    },
    requested_access: { profile, ttl_seconds: 300 },
  };
}

export function share(properties: { counterparty?: string; fields?: string[]; rows?: string[] } = {}, resource = 'prod/customers'): Asked {
  const { counterparty = 'acme-logistics', fields = ['name', 'city'], rows = ['c-1', 'c-2', 'c-3'] } = properties;
  return {
    action: { name: 'data.share', properties: { counterparty, fields, rows } },
    resource: { type: 'postgres.table', id: resource },
    context: { justification: 'The carrier needs to know where parcels go' },
    requested_access: { profile: 'share-once', ttl_seconds: 300 },
  };
} // prettier-ignore

export function refund(amountMinor: number, order = 'ord-17'): Asked {
  return {
    action: { name: 'payment.refund', properties: { order, amount_minor: amountMinor, currency: 'EUR' } },
    resource: { type: 'payments.ledger', id: 'payments/shop' },
    context: { justification: 'The parcel came back' },
    requested_access: { profile: 'refunds', ttl_seconds: 300 },
  };
}

export function quarantine(workload: string, incident?: string): Asked {
  return {
    action: { name: 'workload.quarantine', properties: { reason: 'It calls home every thirty seconds' } },
    resource: { type: 'workload', id: workload },
    context: { justification: 'The sensor reports beaconing', ...(incident !== undefined && { incident }) },
    requested_access: { profile: 'quarantine', ttl_seconds: 600 },
  };
}
