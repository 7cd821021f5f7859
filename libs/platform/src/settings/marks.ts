import { z } from 'zod';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Mark {
  /** The value never appears in a table, a log or an error; it may also come from the file that `<NAME>_FILE` names. */
  secret?: boolean;
  /** Used in demo mode when nothing is set. For a secret: refused everywhere else. */
  demo?: string | ((env: Environment) => string);
  /** Only accepted in demo mode. */
  demoOnly?: boolean;
  /** The program whose own names start with `SALLYPORT_<OWNER>_`. */
  owner?: string;
}

const marks = z.registry<Mark>();

/** A secret without a default: from `NAME`, or from the file that `NAME_FILE` names. With `demo`, that value works in demo mode and is refused outside it. */
export function secret<S extends z.ZodType>(schema: S, mark: Pick<Mark, 'demo'> = {}): S {
  return marked(schema, { ...mark, secret: true });
}

/** Needs no value in demo mode, and has no default anywhere else. */
export function demoDefault<S extends z.ZodType>(schema: S, demo: NonNullable<Mark['demo']>): S {
  return marked(schema, { demo });
}

/** Refused outside demo mode: for switches that exist for tests and demonstrations. */
export function demoOnly<S extends z.ZodType>(schema: S): S {
  return marked(schema, { demoOnly: true });
}

export function ownedBy<S extends z.ZodType>(schema: S, owner: string): S {
  return marked(schema, { owner });
}

/** The mark, also when `.describe()` was called after marking (zod links a described copy to its original). */
export function markOf(schema: z.core.$ZodType): Mark {
  return marks.get(schema) ?? {};
}

function marked<S extends z.ZodType>(schema: S, mark: Mark): S {
  marks.add(schema, { ...markOf(schema), ...mark });
  return schema;
}
