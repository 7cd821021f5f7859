import {
  GateError,
  newActionId,
  type ActionStatus,
  type Asked,
  type Lease,
  type SallyportAgent,
  type Ticket,
} from '#sdk';
import { clientOf, type AgentFile } from '../agent-files.js';

/** A step of a timeline. */
export interface Told {
  step: string;
  action_id?: string | undefined;
  outcome?: string | undefined;
  code?: string | undefined;
}
export type Tell = (told: Told) => void;

const waitMs = 30_000;

/** An agent that a scene leads by the hand, to do what no well-behaved program does. */
export class Agent {
  readonly id: string;
  readonly client: SallyportAgent;

  constructor(
    readonly file: AgentFile,
    private readonly tell: Tell,
  ) {
    this.id = file.agent_id;
    this.client = clientOf(file);
  }

  async ask(asked: Asked, actionId = newActionId()): Promise<Ticket> {
    const ticket = await this.client.ask(asked, actionId);
    this.tell({ step: 'asked', action_id: ticket.actionId });
    return ticket;
  }

  /** Asks, and waits until it is known what becomes of it. */
  async askAndSee(asked: Asked): Promise<{ ticket: Ticket; status: ActionStatus }> {
    const ticket = await this.ask(asked);
    return { ticket, status: await this.sees(ticket) };
  }

  /** The first state after `accepted`, or the first that fits. Errors: none within half a minute. */
  async sees(ticket: Ticket, until: (status: ActionStatus) => boolean = ({ state }) => state !== 'accepted'): Promise<ActionStatus> {
    const status = await this.client.wait(ticket, { timeoutMs: waitMs, until });
    this.tell({ step: status.state, action_id: ticket.actionId, outcome: status.state, code: status.code });
    return status;
  } // prettier-ignore

  /** Waits for the offer and redeems it. */
  async redeem(ticket: Ticket): Promise<Lease> {
    const { lease, state, code } = await this.sees(ticket, (status) => status.state !== 'pending' && status.state !== 'accepted'); // prettier-ignore
    if (lease === undefined) throw new Error(`no offer but ${state} ${code ?? ''}`);
    const redeemed = await this.client.redeem(ticket, lease);
    this.tell({ step: 'redeemed', action_id: ticket.actionId, outcome: 'released' });
    return redeemed;
  }
}

/** The code with which the gate refuses this; undefined when it does not. */
export async function refusal(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof GateError) return error.code;
    throw error;
  }
}
