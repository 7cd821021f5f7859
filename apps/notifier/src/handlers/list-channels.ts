import { Injectable } from '@nestjs/common';
import { addressesOf, type Address, type Channel } from '#contracts';
import { RegistryCopy } from '#facts';
import { channelKey, MessageStore, type ChannelState } from '../io/message.store.js';

export interface ChannelLine {
  group: string;
  /** `members`: at the mail of each of them, since the group has no channel of its own. */
  channel: Channel | 'members' | 'none';
  /** `untried` until the first message; `missing`: people of this group are never told. Of members, the worst. */
  state: 'ok' | 'failing' | 'disabled' | 'untried' | 'missing';
  waiting: number;
  last_success_at?: string;
  last_error?: string;
}

/** Whether groups can be told anything: a group without a working channel decides nothing in time. */
@Injectable()
export class ListChannels {
  constructor(
    private readonly copy: RegistryCopy,
    private readonly messages: MessageStore,
  ) {}

  async handle(): Promise<ChannelLine[]> {
    const [states, waiting] = await Promise.all([this.messages.channelStates(), this.messages.waitingCounts()]);
    const stateOf = new Map(
      states.map((state) => [channelKey({ group: state.group_id, channel: state.channel }), state]),
    );
    const lineAt = (group: string, channel: Channel): ChannelLine => {
      const key = channelKey({ group, channel });
      return { group, channel, waiting: waiting.get(key) ?? 0, ...lineOf(stateOf.get(key)) };
    };
    return this.copy.all('groups').flatMap(({ id }) => linesOf(id, addressesOf(id, this.copy), lineAt));
  }
}

function linesOf(
  group: string,
  addresses: readonly Address[],
  lineAt: (recipient: string, channel: Channel) => ChannelLine,
): ChannelLine[] {
  const lines = addresses.flatMap(({ channels, recipient }) => channels.map((channel) => lineAt(recipient, channel)));
  const [first] = lines;
  if (first === undefined) return [{ group, channel: 'none', state: 'missing', waiting: 0 }];
  if (first.group === group) return lines;
  const worst = lines.reduce((one, other) => (rank(other) > rank(one) ? other : one));
  return [{ ...worst, group, channel: 'members', waiting: lines.reduce((sum, line) => sum + line.waiting, 0) }];
}

const rank = ({ state }: ChannelLine): number => ['ok', 'untried', 'failing', 'disabled', 'missing'].indexOf(state);

function lineOf(state: ChannelState | undefined): Pick<ChannelLine, 'state' | 'last_success_at' | 'last_error'> {
  if (state === undefined) return { state: 'untried' };
  const { disabled, last_error, last_success_at } = state;
  return {
    state: disabled ? 'disabled' : last_error === null ? 'ok' : 'failing',
    ...(last_success_at === null ? {} : { last_success_at: last_success_at.toISOString() }),
    ...(last_error === null ? {} : { last_error }),
  };
}
