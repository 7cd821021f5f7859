import { Controller, Get, Query, UseGuards } from '@nestjs/common';
import { leasesQuery, ProblemError, type LeasesAnswer } from '#contracts';
import { AnyOf, Calling, PersonGuard, ProofGuard, type Caller } from '#trust/http';
import { ListLeases } from './handlers/list-leases.js';

/** The leases that a caller may see. A door of its own, beside those for one lease. */
@Controller('v1/leases')
export class LeaseListController {
  constructor(private readonly list: ListLeases) {}

  @Get()
  @UseGuards(AnyOf(ProofGuard, PersonGuard))
  all(@Calling() caller: Caller, @Query() query: unknown): Promise<LeasesAnswer> {
    const read = leasesQuery.safeParse(query);
    if (!read.success)
      throw new ProblemError('schema_mismatch', { detail: read.error.issues[0]?.path.join('.') ?? 'query' });
    return this.list.handle(caller, read.data);
  }
}
