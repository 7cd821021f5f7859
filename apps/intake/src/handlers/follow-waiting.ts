import type { approvalDenied, approvalGranted, approvalOpened, DataOf, SignedOutcome } from '#contracts';
import type { Tx } from '#database';
import { RegistryCopy } from '#facts';
import { DeadLetters, type Incoming, type SliceHandler } from '#messaging';
import { readGranting, Trust, verifyOutcome } from '#trust';
import { Injectable } from '@nestjs/common';
import { WaitingStore, type Opened } from '../io/waiting.store.js';

/** Believes only what approvals signed: an opening that anybody could write would shut an agent out, an end would let it flood people. */
@Injectable()
class Believing {
  constructor(private readonly trust: Trust) {}

  /** What is told of this action by the holder that people decide at. */
  outcomeOf({
    data,
    subject,
  }: Incoming<{ agent_id: string; outcome: SignedOutcome }>): ReturnType<typeof verifyOutcome> {
    const about = { service: 'approvals', agentId: data.agent_id, actionId: subject };
    return verifyOutcome(this.trust, data.outcome, about);
  }

  isGranted({ data, subject }: Incoming<DataOf<typeof approvalGranted>>): boolean {
    return readGranting(this.trust, data.granting, { actionId: subject, agentId: data.agent_id }) !== undefined;
  }
}

/** A request waits for people. */
@Injectable()
export class NoteOpened implements SliceHandler<typeof approvalOpened> {
  constructor(
    private readonly believing: Believing,
    private readonly deadLetters: DeadLetters,
    private readonly copy: RegistryCopy,
    private readonly waiting: WaitingStore,
  ) {}

  async handle(events: Incoming<DataOf<typeof approvalOpened>>[], tx: Tx): Promise<void> {
    const read = events.map((event) => ({ event, opened: this.read(event) }));
    await this.waiting.open(
      read.flatMap(({ opened }) => opened ?? []),
      tx,
    );
    await this.deadLetters.bury(
      tx,
      read.flatMap(({ event, opened }) => (opened === undefined ? [event] : [])),
    );
  }

  private read(event: Incoming<DataOf<typeof approvalOpened>>): Opened | undefined {
    const said = this.believing.outcomeOf(event);
    if (!said.ok || said.value.outcome !== 'pending') return undefined;
    const { agent_id: agent, deadline_at, task_id: task } = event.data;
    const owner = this.copy.get('agents', agent)?.spec.owner ?? '';
    return { actionId: event.subject, agent, owner, task, deadlineAt: said.value.approval?.expires_at ?? deadline_at };
  }
}

/** All ends of an approval without a grant have one shape. */
@Injectable()
export class NoteEnded implements SliceHandler<typeof approvalDenied> {
  constructor(
    private readonly believing: Believing,
    private readonly deadLetters: DeadLetters,
    private readonly waiting: WaitingStore,
  ) {}

  async handle(events: Incoming<DataOf<typeof approvalDenied>>[], tx: Tx): Promise<void> {
    const isOver = (event: (typeof events)[number]): boolean => {
      const said = this.believing.outcomeOf(event);
      return said.ok && said.value.outcome !== 'pending';
    };
    const [over, forged] = apart(events, isOver);
    await this.waiting.close(subjects(over), tx);
    await this.deadLetters.bury(tx, forged);
  }
}

/** People have decided: it waits for its agent now. */
@Injectable()
export class NoteGranted implements SliceHandler<typeof approvalGranted> {
  constructor(
    private readonly believing: Believing,
    private readonly deadLetters: DeadLetters,
    private readonly waiting: WaitingStore,
  ) {}

  async handle(events: Incoming<DataOf<typeof approvalGranted>>[], tx: Tx): Promise<void> {
    const [granted, forged] = apart(events, (event) => this.believing.isGranted(event));
    await this.waiting.close(subjects(granted), tx);
    await this.deadLetters.bury(tx, forged);
  }
}

/** What nobody but `NoteOpened`, `NoteEnded` and `NoteGranted` needs. */
export const followWaiting = [Believing, NoteOpened, NoteEnded, NoteGranted];

const subjects = (events: readonly Incoming<unknown>[]): string[] => events.map(({ subject }) => subject);

function apart<T>(all: readonly T[], isGenuine: (one: T) => boolean): [T[], T[]] {
  const genuine = all.filter(isGenuine);
  return [genuine, all.filter((one) => !genuine.includes(one))];
}
