import { Injectable, type OnModuleInit } from '@nestjs/common';
import { loadModule, parseSync } from 'libpg-query';
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
    if (Buffer.byteLength(sql) > longestBytes) return unparsed;
    try {
      return statementOf(parseSync(sql));
    } catch {
      return unparsed;
    }
  }
}
