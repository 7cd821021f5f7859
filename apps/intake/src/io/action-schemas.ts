import type { ActionType } from '#contracts';
import { compileProperties, RegistryCopy, type Compiled } from '#facts';
import { Injectable } from '@nestjs/common';

/** The compiled schemas of action types, each at the version that the copy of the registry holds. */
@Injectable()
export class ActionSchemas {
  readonly #compiled = new Map<string, { version: number; schema: Compiled }>();

  constructor(private readonly copy: RegistryCopy) {}

  /** Where properties differ; null when they fit; undefined when the action is not registered. */
  differs(action: string, properties: unknown): string | null | undefined {
    const type = this.copy.get('action-types', action);
    if (type === undefined) return undefined;
    const schema = this.#schemaOf(action, type.version, type.spec.properties_schema);
    // The registry refuses a schema that does not compile; should one come all the same, nothing fits it.
    if (!schema.ok) return '';
    if (schema.validate(properties)) return null;
    return schema.validate.errors?.[0]?.instancePath ?? '';
  }

  summaries(action: string): ActionType['summaries'] {
    return this.copy.get('action-types', action)?.spec.summaries;
  }

  #schemaOf(action: string, version: number, schema: Record<string, unknown>): Compiled {
    const known = this.#compiled.get(action);
    if (known?.version === version) return known.schema;
    const compiled = compileProperties(schema);
    this.#compiled.set(action, { version, schema: compiled });
    return compiled;
  }
}
