/** How an attempt to tell somebody went. `gone`: the receiver says that it wants nothing more (410). */
export type Delivery = { ok: true } | { ok: false; error: string; gone?: boolean };

export const timeoutMs = 10_000;

/** One short line without addresses: it is shown to operators and stored. */
export function failure(error: unknown): Delivery {
  const code = (error as { code?: unknown }).code;
  const name = error instanceof Error ? error.name : 'error';
  return { ok: false, error: typeof code === 'string' ? code : name };
}
