import { Readable } from 'node:stream';
import { Controller, Get, Header, Query, StreamableFile, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { ProblemError } from '#contracts';
import { RegistryClient } from '#facts';
import { Calling, callerOfKind, PersonGuard, type Caller } from '#trust/http';
import { entryLine, ExportLog } from './handlers/export-log.js';
import { LogStore } from './io/log.store.js';

const subject = z.string().min(1).max(256);

/** What auditors read. The checkpoint is open to everybody: it says nothing but that the log grew. */
@Controller('v1')
export class AuditController {
  constructor(
    private readonly log: LogStore,
    private readonly exportLog: ExportLog,
    private readonly registry: RegistryClient,
  ) {}

  @Get('log/checkpoint')
  @Header('content-type', 'text/plain; charset=utf-8')
  @Header('cache-control', 'no-store')
  async checkpoint(): Promise<string> {
    const last = await this.log.lastCheckpoint();
    if (last === undefined) throw new ProblemError('dependency_unavailable', { retryAfterSeconds: 2 });
    return last.note;
  }

  /** The entries of one action, or of one registry entry (`kind:id`), in the order of the log. */
  @Get('entries')
  @UseGuards(PersonGuard)
  @Header('content-type', 'application/x-ndjson')
  async entries(@Calling() caller: Caller, @Query('action') action: unknown): Promise<string> {
    await this.requireAuditor(caller);
    const asked = subject.safeParse(action);
    if (!asked.success) throw new ProblemError('schema_mismatch', { detail: 'name one action: ?action=<id>' });
    const leaves = await this.log.bySubject(asked.data);
    return leaves.map((leaf) => `${entryLine(leaf)}\n`).join('');
  }

  @Get('export')
  @UseGuards(PersonGuard)
  async export(@Calling() caller: Caller): Promise<StreamableFile> {
    await this.requireAuditor(caller);
    const lines = this.exportLog.lines();
    const text = async function* (): AsyncGenerator<string> {
      for await (const line of lines) yield `${line}\n`;
    };
    return new StreamableFile(Readable.from(text(), { objectMode: false }), { type: 'application/x-ndjson' });
  }

  /** Membership as it is now: an auditor removed a second ago reads nothing. */
  private async requireAuditor(caller: Caller): Promise<void> {
    const { person } = callerOfKind(caller, 'person');
    const [group] = await this.registry.current([{ kind: 'groups', id: 'auditors' }]);
    if (group?.kind !== 'groups' || !group.spec.members.includes(person.id)) throw new ProblemError('not_found');
  }
}
