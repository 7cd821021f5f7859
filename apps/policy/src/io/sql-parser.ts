import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { WhyUnexplained } from '#contracts';
import { loadModule, parseSync } from 'libpg-query';
import { whyNotAsked } from '../core/explanation.js';
import { statementOf, unparsed, type StatementFact } from '../core/statement.js';

/** Longer statements are not looked at: they count as destructive. */
const longestBytes = 65_536;

/** PostgreSQL's own parser, as WebAssembly. */
@Injectable()
export class SqlParser implements OnModuleInit {
  async onModuleInit(): Promise<void> {
    await loadModule();
  }

  /** What a text of SQL does. A text that PostgreSQL would not read is a fact too: unparsed, and so destructive. */
  facts(sql: string): StatementFact {
    const tree = treeOf(sql);
    return tree === undefined ? unparsed : statementOf(tree);
  }

  /** Why no target is asked for a plan of it; undefined when one may be. */
  whyNotAsked(sql: string): WhyUnexplained | undefined {
    return whyNotAsked(treeOf(sql));
  }
}

function treeOf(sql: string): unknown {
  if (Buffer.byteLength(sql) > longestBytes) return undefined;
  try {
    return parseSync(sql);
  } catch {
    return undefined;
  }
}
