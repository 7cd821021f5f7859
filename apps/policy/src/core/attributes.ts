import type { RequestValue } from '#contracts';

/**
 * The names that action types use in `properties` for what the gate itself must understand. They stand in `policies/README.md`;
 * an action type that uses other names gets no such facts, and the rules read that as unknown.
 */
export function moneyOf({
  action: { properties },
}: RequestValue): { amountMinor: number; currency: string } | undefined {
  const { amount_minor: amount, currency } = properties;
  if (typeof amount !== 'number' || !Number.isSafeInteger(amount) || amount <= 0) return undefined;
  return typeof currency === 'string' && /^[A-Z]{3}$/u.test(currency) ? { amountMinor: amount, currency } : undefined;
}

/** SQL that will run. */
export function statementTextOf({ action: { properties } }: RequestValue): string | undefined {
  return textOf(properties['statement']);
}

/** The other side of a payment or a share, by its registered id. */
export function counterpartyIdOf({ action: { properties } }: RequestValue): string | undefined {
  return textOf(properties['counterparty']) ?? textOf(properties['payee']);
}

/** The fields of the resource that would leave the house. */
export function fieldsOf({ action: { properties } }: RequestValue): string[] | undefined {
  const { fields } = properties;
  if (!Array.isArray(fields)) return undefined;
  return [...new Set(fields.filter((field) => typeof field === 'string'))];
}

/** Persons who gain by the action, by the names under which an action can name one. */
export function beneficiariesOf({ action: { properties } }: RequestValue): string[] {
  return [properties['payee'], properties['beneficiary']].flatMap((value) => textOf(value) ?? []);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
