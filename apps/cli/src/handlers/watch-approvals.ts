import { setTimeout as pause } from 'node:timers/promises';
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
  await inbox.read('waits');
  output.note('Following. New requests appear here; Ctrl-C ends this.');
  for (;;) {
    try {
      for await (const { id, data } of news(gate, place)) {
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

/** One connection's worth of events. The place of a client is that of the last event that carried one. */
async function* news(gate: Gate, place: string | undefined): AsyncGenerator<{ id: string | undefined; data: string }> {
  const response = await gate.fetch('approvals', '/v1/approvals/stream', {
    timeoutMs: (longestStreamSeconds + 15) * 1_000,
    headers: { accept: 'text/event-stream', ...(place !== undefined && { 'last-event-id': place }) },
  });
  if (response.body === null) return;
  const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  for await (const { id, data } of events) yield { id, data };
}

/** undici's word for a connection that broke in the middle of an answer. */
const isBroken = (error: unknown): boolean => error instanceof TypeError && error.message === 'terminated';

class Inbox {
  private shown = new Map<string, Line>();

  constructor(
    private readonly gate: Gate,
    private readonly output: Output,
  ) {}

  /** Says what is there and was not, and keeps it. */
  async read(how: 'waits' | 'opened'): Promise<void> {
    const answer = await this.gate.call('approvals', '/v1/approvals?state=open&mine=true', approvalsAnswer);
    for (const line of answer.approvals) if (!this.shown.has(line.action_id)) this.say(how, line);
    this.shown = new Map(answer.approvals.map((line) => [line.action_id, line]));
  }

  async take(data: string): Promise<void> {
    const read = approvalStreamEvent.safeParse(JSON.parse(data));
    // Of a newer gate: something that this version has no word for changed.
    if (!read.success || read.data.type === 'reset') return this.read('opened');
    const { id, type } = read.data;
    const before = this.shown.get(id);
    if (type === 'opened' || type === 'changed') return this.read('opened');
    this.shown.delete(id);
    if (before !== undefined) this.say(type, before);
  }

  private say(what: string, line: Line): void {
    this.output.result({ what, ...line }, newsLine(what, line));
  }
}
