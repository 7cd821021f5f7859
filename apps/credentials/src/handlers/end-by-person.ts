import { Injectable } from '@nestjs/common';
import { ProblemError, type LeaseAnswer } from '#contracts';
import { RegistryCopy } from '#facts';
import { Log } from '#platform';
import { callerOfKind, type Caller } from '#trust/http';
import { accessOf, answerOf, groupsAbout, type Access } from '../core/access.js';
import { complete, stop, type Lease } from '../core/lease.js';
import { DeliveryStore } from '../io/delivery.store.js';
import { OfferedLeases } from './offered-leases.js';

/**
 * Who may see and end a lease. By this service's own copy of the registry: stopping must work when nothing else does, and
 * taking access away needs no fresher word than looking does.
 */
@Injectable()
export class LeaseAccess {
  constructor(
    private readonly offered: OfferedLeases,
    private readonly copy: RegistryCopy,
  ) {}

  /** What one may not see is not there. */
  async open(caller: Caller, leaseId: string): Promise<{ lease: Lease; access: Access }> {
    const lease = await this.offered.find(leaseId);
    const access = this.of(caller, lease);
    if (access === 'none') throw new ProblemError('not_found');
    return { lease, access };
  }

  private of(caller: Caller, lease: Lease): Access {
    if (caller.kind === 'agent') return caller.agent.id === lease.agentId ? 'read' : 'none';
    if (caller.kind !== 'person') return 'none';
    const groups = groupsAbout(lease).flatMap((id) => this.copy.get('groups', id) ?? []);
    return accessOf(caller.person.id, lease, groups);
  }
}

/** A person ends a lease now; works without Kafka and without approvals. Who and why go into the event. */
@Injectable()
export class EndByPerson {
  constructor(
    private readonly access: LeaseAccess,
    private readonly offered: OfferedLeases,
    private readonly deliveries: DeliveryStore,
    private readonly log: Log,
  ) {}

  async handle(caller: Caller, leaseId: string, reason: string): Promise<LeaseAnswer> {
    const { person } = callerOfKind(caller, 'person');
    const { access } = await this.access.open(caller, leaseId);
    if (access !== 'end') throw new ProblemError('not_eligible', { why: 'not_in_group' });
    const why = { code: 'stopped', by: person.id, reason } as const;
    const { lease, changed } = await this.offered.change(leaseId, (held) => stop(held, why));
    // Of a lease that has run out, the result may still be kept.
    await this.deliveries.giveUp(leaseId);
    if (!changed && lease.state !== 'ending') throw new ProblemError('ended');
    this.log.info('lease.stopped', { lease_id: leaseId, action_id: lease.actionId, state: lease.state });
    return answerOf(lease);
  }
}

/** The agent is done. Doing it again, or when it is over already, changes nothing and is no error: programs do it when they leave. */
@Injectable()
export class CompleteLease {
  constructor(
    private readonly offered: OfferedLeases,
    private readonly deliveries: DeliveryStore,
  ) {}

  async handle(caller: Caller, leaseId: string): Promise<LeaseAnswer> {
    const { agent } = callerOfKind(caller, 'agent');
    await this.offered.find(leaseId, agent.id);
    const { lease } = await this.offered.change(leaseId, complete);
    await this.deliveries.giveUp(leaseId);
    return answerOf(lease);
  }
}
