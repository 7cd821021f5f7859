import { ProblemError } from '#contracts';
import { parseStrict, type JsonLimits } from '#trust';
import type { CalledRequest } from '#trust/http';
import type { z } from 'zod';

/** The body of a request, read strictly. Throws ProblemError; `detail` is the path of the first difference. */
export function bodyOf<S extends z.ZodType>(request: CalledRequest, schema: S, limits?: JsonLimits): z.output<S> {
  const parsed = parseStrict(request.rawBody, limits);
  if (!parsed.ok) throw new ProblemError(parsed.code);
  const body = schema.safeParse(parsed.value);
  if (body.success) return body.data;
  throw new ProblemError('schema_mismatch', { detail: body.error.issues[0]?.path.join('.') ?? '' });
}
