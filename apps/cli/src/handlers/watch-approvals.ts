import { setTimeout as pause } from 'node:timers/promises';
import type { EventSourceMessage } from 'eventsource-parser';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { approvalsAnswer, approvalStreamEvent, longestStreamSeconds, type ApprovalsAnswer } from '#contracts';
import { newsLine } from '../core/news-line.js';
import { Unreachable } from '../io/failures.js';
import type { Gate } from '../io/gate.js';
import type { Output } from '../io/output.js';

type Line = ApprovalsAnswer['approvals'][number];

const againAfterMs = 2_000;

/** What waits for this person, as it comes and goes; until it is interrupted. */
export async function watchApprovals(gate: Gate, output: Output): Promise<never> {
  const inbox = new Inbox(gate, output);
  let place: string | undefined;
  for (;;) {
    try {
      const news = await follow(gate, place);
      // Behind the connection and never before it: what changes in between would be told to nobody.
      if (place === undefined) await inbox.read();
      for await (const { id, data } of news) {
        place = id ?? place;
        await inbox.take(data);
      }
    } catch (error) {
      if (!(error instanceof Unreachable) && !isBroken(error)) throw error;
      output.note('The gate does not answer; trying again.');
      await pause(againAfterMs);
    }
  }
}

/** One connection's worth of events, connected when it resolves. The place of a client is that of the last event that carried one. */
async function follow(gate: Gate, place: string | undefined): Promise<AsyncIterable<EventSourceMessage>> {
  const response = await gate.fetch('approvals', '/v1/approvals/stream', {
    timeoutMs: (longestStreamSeconds + 15) * 1_000,
    headers: { accept: 'text/event-stream', ...(place !== undefined && { 'last-event-id': place }) },
  });
  if (response.body === null) throw new Unreachable('approvals answered without a stream');
  return response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
}

/** undici's word for a connection that broke in the middle of an answer. */
const isBroken = (error: unknown): boolean => error instanceof TypeError && error.message === 'terminated';

class Inbox {
  private shown: Map<string, Line> | undefined;

  constructor(
    private readonly gate: Gate,
    private readonly output: Output,
  ) {}

  /** Says what is there and was not, and what was there and waits for this person no more. */
  async read(): Promise<void> {
    const answer = await this.gate.call('approvals', '/v1/approvals?state=open&mine=true&each=true', approvalsAnswer);
    const before = this.shown ?? new Map<string, Line>();
    const now = new Map(answer.approvals.map((line) => [line.action_id, line]));
    for (const [id, line] of before) if (!now.has(id)) this.say('gone', line);
    for (const [id, line] of now) if (!before.has(id)) this.say(this.shown === undefined ? 'waits' : 'opened', line);
    if (this.shown === undefined) this.output.note('Following. New requests appear here; Ctrl-C ends this.');
    this.shown = now;
  }

  async take(data: string): Promise<void> {
    const read = approvalStreamEvent.safeParse(JSON.parse(data));
    // Of a newer gate: something that this version has no word for changed.
    if (!read.success || read.data.type === 'reset') return this.read();
    const { id, type } = read.data;
    if (type === 'opened' || type === 'changed') return this.read();
    const before = this.shown?.get(id);
    this.shown?.delete(id);
    if (before !== undefined) this.say(type, before);
  }

  private say(what: string, line: Line): void {
    this.output.result({ what, ...line }, newsLine(what, line));
  }
}
