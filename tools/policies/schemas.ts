import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { policyInput } from '#contracts';

/**
 * Writes the contract of the input as a JSON Schema, for the compiler's type check: a rule that reads `input.subject.idd` does not
 * pass it. The packages name it in their METADATA as `schema.input`.
 */
export function writeSchemas(dir: string): void {
  mkdirSync(dir, { recursive: true });
  const schema = z.toJSONSchema(policyInput, { target: 'draft-7', io: 'input' });
  writeFileSync(join(dir, 'input.json'), JSON.stringify(schema));
}
