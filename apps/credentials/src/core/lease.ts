import {
  refusedCode,
  type CancelledCode,
  type EndedCode,
  type IssuerKind,
  type LeaseState,
  type ProblemCode,
} from '#contracts';

/** What can happen to a lease. `stop` is every reason to end a credential that may exist; `gone` is the target's word that it does not. */
export type LeaseStep = 'redeem' | 'record' | 'lapse' | 'cancel' | 'refuse' | 'stop' | 'gone' | 'gone_unreleased';

/**
 * The whole life of a lease. What is not here does not happen; there is no way back, and nothing leaves a final state.
 * A lease that was never recorded as active was never delivered, so its end is a refusal and not an end.
 */
export const leaseTable = {
  offered: { redeem: 'minting', lapse: 'lapsed', cancel: 'cancelled', refuse: 'refused' },
  minting: { record: 'active', stop: 'ending' },
  active: { stop: 'ending' },
  ending: { gone: 'ended', gone_unreleased: 'refused' },
  ended: {},
  lapsed: {},
  cancelled: {},
  refused: {},
} as const satisfies Record<LeaseState, Partial<Record<LeaseStep, LeaseState>>>;

export const finalStates: ReadonlySet<LeaseState> = new Set(
  (Object.keys(leaseTable) as LeaseState[]).filter((state) => Object.keys(leaseTable[state]).length === 0),
);

/** The state after a step, or undefined when the step is not possible in this state. */
export function after(state: LeaseState, step: LeaseStep): LeaseState | undefined {
  const row: Partial<Record<LeaseStep, LeaseState>> = leaseTable[state];
  return row[step];
}

export type Issuing = IssuerKind;

/** One lease as this service holds it. Instants are the database's clock. */
export interface Lease {
  leaseId: string;
  actionId: string;
  agentId: string;
  actionDigest: string;
  state: LeaseState;
  /** Grows by one with every change; the sequence of what is said about the action. */
  version: number;
  /** Why it is ending or has ended. */
  code: string | null;
  by: string | null;
  /** In the words of the person who stopped it. */
  reason: string | null;
  profile: string;
  profileVersion: number;
  issuer: Issuing;
  target: string;
  /** What the offer promises at most; redeem may lower it. */
  ttlSeconds: number;
  usesLeft: number;
  /** Groups of the plan: whoever is in one of them may end the lease. Empty when no person was asked. */
  groups: string[];
  offerExpiresAt: Date;
  /** By then a mint has been recorded or is taken back. */
  mintBy: Date | null;
  expiresAt: Date | null;
  releasedAt: Date | null;
  /** What ending needs, never a secret. Written before the target is touched. */
  handle: Handle | null;
  /** Of a statement that the gate ran, once that is known. */
  executed: Executed | null;
  attempts: number;
  stuck: boolean;
  traceparent: string | null;
}

/** Enough to find and remove what was minted, even when profile and target are no longer registered. */
export type Handle =
  | { issuer: 'token'; jti: string; jkt: string; audience: string }
  | { issuer: 'postgres-role' | 'postgres-brokered'; connectionSecret: string };

/** What came of a statement that the gate ran itself. Never the rows. */
export interface Executed {
  digest: string;
  rowCount: number;
}

/** One change of one lease: from the version that was read to the next one. */
export interface Change {
  lease: Lease;
  to: LeaseState;
  code: string | null;
  by: string | null;
  reason: string | null;
  /** More than one where the end has a cause behind its code (refused as `mint_failed` because it was withdrawn). */
  reasons: string[];
  executed?: Executed;
}

interface Why {
  code: string | null;
  by?: string | null;
  reason?: string | null;
}

function changed(lease: Lease, step: LeaseStep, { code, by = null, reason = null }: Why): Change | undefined {
  const to = after(lease.state, step);
  return to && { lease, to, code, by, reason, reasons: code === null ? [] : [code] };
}

/** Who stops a lease, as what, and in which words. */
export interface StopWhy {
  code: CancelledCode & EndedCode;
  by: string;
  reason?: string;
}

/** Somebody wants it to end: an offer is cancelled, a credential that may exist is taken back. Undefined when it is ending or over already. */
export function stop(lease: Lease, why: StopWhy): Change | undefined {
  return changed(lease, 'cancel', why) ?? changed(lease, 'stop', why);
}

/** The agent says that it is done. An offer that nobody collected is cancelled by its agent. */
export function complete(lease: Lease): Change | undefined {
  const by = `urn:sallyport:agent:${lease.agentId}`;
  if (lease.state === 'active') return changed(lease, 'stop', { code: 'completed', by });
  return stop(lease, { code: 'agent_cancelled', by });
}

/** Evidence, profile or policy stand against it before release. */
export function refuse(lease: Lease, code: string): Change | undefined {
  return changed(lease, 'refuse', { code });
}

/** The agent collects. Undefined when the lease is not on offer (any more). */
export function redeem(lease: Lease, now: Date): Change | undefined {
  return now < lease.offerExpiresAt ? changed(lease, 'redeem', { code: null }) : undefined;
}

/** The credential exists and goes to the agent now. Undefined when the lease was stopped meanwhile: then nothing is delivered. */
export function record(lease: Lease, executed?: Executed): Change | undefined {
  const change = changed(lease, 'record', { code: null });
  return change && { ...change, ...(executed && { executed }) };
}

/** The mint did not work, or nobody recorded it in time. */
export function giveUp(lease: Lease): Change | undefined {
  return lease.state === 'minting' ? changed(lease, 'stop', { code: 'mint_failed' }) : undefined;
}

/** It was redeemed once more, and its profile says that this is its end. Undefined when there is nothing to end (any more). */
export function endReplayed(lease: Lease): Change | undefined {
  return changed(lease, 'stop', { code: 'replayed', by: 'urn:sallyport:service:credentials' });
}

/** What the clock does to a lease; undefined when it is not time yet. */
export function due(lease: Lease, now: Date): Change | undefined {
  const at = dueAt(lease);
  if (at === null || now < at) return undefined;
  if (lease.state === 'offered') return changed(lease, 'lapse', { code: 'offer_expired' });
  if (lease.state === 'minting') return giveUp(lease);
  return changed(lease, 'stop', { code: 'ttl' });
}

type Times = Pick<Lease, 'state' | 'offerExpiresAt' | 'mintBy' | 'expiresAt'>;

const dueIn: Partial<Record<LeaseState, (lease: Times) => Date | null>> = {
  offered: ({ offerExpiresAt }) => offerExpiresAt,
  minting: ({ mintBy }) => mintBy,
  active: ({ expiresAt }) => expiresAt,
};

/** When the clock has to look at this lease again; null when never (what is ending has its own rhythm). */
export function dueAt(lease: Times): Date | null {
  return dueIn[lease.state]?.(lease) ?? null;
}

/**
 * The target has confirmed that nothing is left. Undefined when the lease is not ending. `executed` is the target's word that a
 * statement was committed there although nobody recorded it here: then it happened, whatever else went wrong, and that is what is said.
 */
export function gone(lease: Lease, executed?: Executed): Change | undefined {
  const { by, reason } = lease;
  if (lease.releasedAt !== null) return changed(lease, 'gone', { code: lease.code, by, reason });
  if (executed !== undefined) {
    const ran = changed(lease, 'gone', { code: 'result_lost', by, reason });
    return ran && { ...ran, executed, reasons: causes('result_lost', lease) };
  }
  const change = changed(lease, 'gone_unreleased', { code: 'mint_failed', by, reason });
  return change && { ...change, reasons: causes('mint_failed', lease) };
}

const causes = (code: string, { code: cause }: Lease): string[] =>
  cause === null || cause === 'mint_failed' ? [code] : [code, cause];

const whyNot: Record<Exclude<LeaseState, 'offered' | 'refused'>, ProblemCode> = {
  lapsed: 'expired',
  cancelled: 'ended',
  minting: 'already_redeemed',
  active: 'already_redeemed',
  ending: 'already_redeemed',
  ended: 'already_redeemed',
};

/** Why this lease cannot be redeemed, as the agent is told; undefined when it can. A refusal is told again as it was. */
export function whyNotRedeemable(lease: Lease, now: Date): ProblemCode | undefined {
  const { state } = lease;
  if (state === 'offered') return now < lease.offerExpiresAt ? undefined : 'expired';
  if (state === 'refused') return refusedCode.safeParse(lease.code).data ?? 'evidence_invalid';
  return whyNot[state];
}
