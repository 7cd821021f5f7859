import { Injectable } from '@nestjs/common';
import type { DataOf, policyCancelRequested } from '#contracts';
import type { Tx } from '#database';
import type { Incoming, SliceHandler } from '#messaging';
import { AskToEnd } from './ask-to-end.js';

/** An ask to end that followed the action from intake and policy. */
@Injectable()
export class EndAsked implements SliceHandler<typeof policyCancelRequested> {
  constructor(private readonly asks: AskToEnd) {}

  async handle(events: Incoming<DataOf<typeof policyCancelRequested>>[], tx: Tx): Promise<void> {
    await this.asks.ask(
      tx,
      events.map(({ data, traceparent }) => ({ actionId: data.action_id, code: data.code, by: data.by, traceparent })),
    );
  }
}
