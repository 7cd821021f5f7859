import { evidenceLimits, ProblemError } from '#contracts';
import { parseStrict } from '#trust';
import type { z } from 'zod';

/** A JSON body with evidence in it, read strictly from its bytes. Throws ProblemError with the parser's code, or `schema_mismatch`. */
export function readBody<S extends z.ZodType>(bytes: Buffer, schema: S): z.output<S> {
  const parsed = parseStrict(bytes, evidenceLimits);
  if (!parsed.ok) throw new ProblemError(parsed.code);
  const body = schema.safeParse(parsed.value);
  if (body.success) return body.data;
  const path = body.error.issues[0]?.path.join('.') ?? '';
  throw new ProblemError('schema_mismatch', { detail: path === '' ? 'the body as a whole' : path });
}
