/** How an attempt to tell somebody went. `gone`: the receiver says that it wants nothing more (410). */
export type Delivery = { ok: true } | { ok: false; error: string; gone?: boolean };

export const timeoutMs = 10_000;

/** One short line without addresses: it is shown to operators and stored. */
export function failure(error: unknown): Delivery {
  const name = error instanceof Error ? error.name : 'error';
  return { ok: false, error: codeOf(error) ?? name };
}

/** `fetch` hides what the network said as the cause of a TypeError. */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return typeof code === 'string' ? code : codeOf(cause);
}
