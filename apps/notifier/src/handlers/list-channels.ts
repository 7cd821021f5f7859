import { Injectable } from '@nestjs/common';
import { channelsOf, type Channel } from '#contracts';
import { RegistryCopy } from '#facts';
import { channelKey, MessageStore, type ChannelState } from '../io/message.store.js';

export interface ChannelLine {
  group: string;
  channel: Channel | 'none';
  /** `untried` until the first message; `missing`: people of this group are never told. */
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
    return this.copy.all('groups').flatMap(({ id, spec }): ChannelLine[] => {
      const channels = channelsOf(spec);
      if (channels.length === 0) return [{ group: id, channel: 'none', state: 'missing', waiting: 0 }];
      return channels.map((channel) => {
        const key = channelKey({ group: id, channel });
        return { group: id, channel, waiting: waiting.get(key) ?? 0, ...lineOf(stateOf.get(key)) };
      });
    });
  }
}

function lineOf(state: ChannelState | undefined): Pick<ChannelLine, 'state' | 'last_success_at' | 'last_error'> {
  if (state === undefined) return { state: 'untried' };
  const { disabled, last_error, last_success_at } = state;
  return {
    state: disabled ? 'disabled' : last_error === null ? 'ok' : 'failing',
    ...(last_success_at === null ? {} : { last_success_at: last_success_at.toISOString() }),
    ...(last_error === null ? {} : { last_error }),
  };
}
