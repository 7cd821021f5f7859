/** The error keywords of RFC 7644 section 3.12 that this door uses. */
export type ScimType =
  'invalidFilter' | 'invalidPath' | 'invalidSyntax' | 'invalidValue' | 'mutability' | 'noTarget' | 'uniqueness';

/** Why a call of an identity provider is refused; `detail` names nothing that belongs to another provider. */
export interface Refusal {
  status: number;
  scimType?: ScimType;
  detail: string;
}

export type Outcome<T> = { ok: true; value: T } | { ok: false; refusal: Refusal };

export const fine = <T>(value: T): { ok: true; value: T } => ({ ok: true, value });

/** 409 for a name that is taken, 400 for everything else (RFC 7644 table 9). */
export function refused(scimType: ScimType, detail: string): { ok: false; refusal: Refusal } {
  return { ok: false, refusal: { status: scimType === 'uniqueness' ? 409 : 400, scimType, detail } };
}

/** A JSON object with the canonical attribute names of a resource: what the provider said of it, as far as it is kept. */
export type Doc = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** No control characters: they are in nobody's name, and the database refuses one of them. */
export const printable = /^\P{Cc}*$/u;
