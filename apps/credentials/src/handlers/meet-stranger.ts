import { Injectable } from '@nestjs/common';
import { RegistryCopy } from '#facts';
import { Log } from '#platform';
import type { Handle } from '../core/lease.js';
import { mayDrop, type Found } from '../core/stranger.js';
import { Issuers } from '../io/issuers/issuers.js';
import { StrangerStore } from '../io/stranger.store.js';

export interface Standing {
  target: string;
  handle: Handle;
  leaseId: string;
  isOver: boolean;
}

/**
 * Something stands at a target that belongs to no running lease. Its use is stopped at once and again at each meeting; it
 * is dropped when its lease was over already, or when a person has said so.
 */
@Injectable()
export class MeetStranger {
  constructor(
    private readonly strangers: StrangerStore,
    private readonly issuers: Issuers,
    private readonly copy: RegistryCopy,
    private readonly log: Log,
  ) {}

  /** Throws a Fault when the target does not answer; the next meeting goes on. */
  async handle({ target, handle, leaseId, isOver }: Standing): Promise<void> {
    const { found, isNew } = await this.strangers.meet(target, leaseId, isOver);
    if (isNew) this.log.error(isOver ? 'target.came_back' : 'target.stranger', { target, lease_id: leaseId });
    if (mayDrop(found)) return this.drop(found, handle);
    await this.issuers.roles.close(handle, [leaseId]);
    await this.strangers.closed(found);
  }

  /** Somebody has said so: now, or at the next meeting where the target does not answer. */
  async tryToDrop(found: Found): Promise<void> {
    const target = this.copy.get('targets', found.target);
    if (target?.spec.kind !== 'postgres') return;
    try {
      await this.drop(found, this.issuers.roles.handleFor(target.spec));
    } catch (error) {
      this.log.warn('target.not_compared', { target: found.target, error });
    }
  }

  private async drop(found: Found, handle: Handle): Promise<void> {
    await this.issuers.roles.removeStranger(handle, found.leaseId);
    await this.strangers.dropped(found);
    this.log.warn('target.stranger_dropped', { target: found.target, lease_id: found.leaseId });
  }
}
