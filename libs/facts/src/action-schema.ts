import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

export type Compiled = { ok: true; validate: ValidateFunction } | { ok: false; why: string };

/**
 * Compiles the JSON Schema (2020-12) of an action type's properties, in ajv's strict mode: an unknown keyword or
 * format, a remote reference or an ambiguous schema is refused when it is registered, not met when an agent asks.
 */
export function compileProperties(schema: Record<string, unknown>): Compiled {
  try {
    // A compiler per schema: one `$id` in two action types must not clash, nor one find the other's definitions.
    const ajv = new Ajv2020({ strict: true, allErrors: false, ownProperties: true, logger: false });
    const validate = ajv.compile(schema);
    // `$async` schemas answer a promise, which is always truthy.
    if ('$async' in validate) return { ok: false, why: 'the schema must not be asynchronous' };
    return { ok: true, validate };
  } catch (error) {
    return { ok: false, why: error instanceof Error ? error.message : 'the schema does not compile' };
  }
}
