import { ProblemError, uuidv7 } from '#contracts';

/** What is no id of a lease is a lease that is not there. */
export function leaseIdOf(id: string): string {
  if (!uuidv7.safeParse(id).success) throw new ProblemError('not_found');
  return id;
}
