import { Controller, Get, Param, Query, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { actionState, ProblemError, uuidv7, type ActionAnswer } from '#contracts';
import { RegistryClient } from '#facts';
import { AnyOf, Calling, callerOfKind, PersonGuard, ProofGuard, type Caller } from '#trust/http';
import { ListChannels, type ChannelLine } from './handlers/list-channels.js';
import { ShowAction } from './handlers/show-action.js';

const longestWaitSeconds = 30;
const waiting = z.object({
  wait_seconds: z.coerce.number().int().min(0).max(longestWaitSeconds).default(0),
  known: actionState.optional(),
  known_code: z.string().max(64).optional(),
});
const expected: Readonly<Record<string, string>> = {
  wait_seconds: `wait_seconds is 0 to ${String(longestWaitSeconds)}`,
  known: 'known is a state',
  known_code: 'known_code is the code beside it',
};

@Controller('v1')
export class NotifierController {
  constructor(
    private readonly show: ShowAction,
    private readonly channels: ListChannels,
    private readonly registry: RegistryClient,
  ) {}

  @Get('actions/:id')
  @UseGuards(AnyOf(ProofGuard, PersonGuard))
  async action(@Calling() caller: Caller, @Param('id') id: string, @Query() query: unknown): Promise<ActionAnswer> {
    if (!uuidv7.safeParse(id).success) throw new ProblemError('not_found');
    const read = waiting.safeParse(query);
    if (!read.success) {
      throw new ProblemError('schema_mismatch', { detail: expected[String(read.error.issues[0]?.path[0])] ?? 'query' });
    }
    const { known, known_code: knownCode, wait_seconds: seconds } = read.data;
    return this.show.handle(id, caller, { seconds, known, knownCode });
  }

  /** For operators' `doctor`: registrars and auditors. */
  @Get('channels')
  @UseGuards(PersonGuard)
  async channelStates(@Calling() caller: Caller): Promise<{ channels: ChannelLine[] }> {
    const { person } = callerOfKind(caller, 'person');
    const groups = await this.registry.current(
      ['registrars', 'auditors'].map((id) => ({ kind: 'groups' as const, id })),
    );
    if (!groups.some((group) => group?.spec.members.includes(person.id) === true)) throw new ProblemError('not_found');
    return { channels: await this.channels.handle() };
  }
}
