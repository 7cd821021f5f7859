import type { BrokeredResult, Credential, Profile, RequestValue, Target } from '#contracts';
import type { Executed, Handle, Issuing, Lease } from '../../core/lease.js';

/** What goes to the agent: a credential, or the result of what the gate did itself. A secret: it lives in memory and inside the sealed delivery, nowhere else. */
export type Minted = Credential | BrokeredResult;

/** What is needed to make the credential of one lease. */
export interface MintOrder {
  /** In the state `minting`: its handle, times and uses are fixed. */
  lease: Lease;
  profile: Profile;
  /** The frozen action. */
  action: RequestValue['action'];
  target: Target;
  /** Whom the agent acts for, if for anybody. */
  principal: string | undefined;
  /** The database's clock when the intent was written. */
  now: Date;
}

/** What is true of a kind of credential, in whoever's hands it is. `docs/issuers.md` shows it; the contract suite holds each issuer to it. */
export interface Capabilities {
  /** `action`: exactly the frozen action and nothing else. `scope`: whatever the profile allows, for the minutes of the lease. */
  binds: 'action' | 'scope';
  /** What the agent has in hand: nothing, something worthless without its own key, or a secret. */
  agentHolds: 'nothing' | 'key-bound' | 'secret';
  /** No new use from the moment of the end on. */
  stopsNewUse: boolean;
  /** Sessions that are open at the end are cut; `none` where a use is over as soon as it has begun. */
  openSessions: 'cut' | 'none';
  /** Its own time ends it also while the gate is down. */
  endsWithoutGate: boolean;
  /** The target can be asked what stands there, so that strangers are found. */
  listed: boolean;
  /** In one line: what is left to trust. */
  remains: string;
}

/**
 * Makes and removes one kind of credential. Everything but `mint` can be repeated at will; each call may fail at any
 * point, the process may die at any point, and the next call must still lead to the end.
 */
export interface Issuer {
  readonly kind: Issuing;
  readonly capabilities: Capabilities;
  /** How long to wait before the last look at the target, in milliseconds; 0 where nothing can come late. */
  readonly settleMs: number;
  /** What ending will need. Written into the lease before anything is touched. */
  handleFor(target: Target, jkt: string): Handle;
  /** Throws a retryable Fault when the target does not answer: then nothing has happened yet. */
  probe(handle: Handle): Promise<void>;
  /** Makes it, once: a second mint of a lease fails. Throws whatever stood in the way; the caller takes the lease back. */
  mint(order: MintOrder): Promise<Minted>;
  /** Stops new use, cuts what is in use, removes. Nothing to remove is a success. Throws a Fault to be tried again. */
  remove(lease: Lease): Promise<void>;
  /** Asks the target; answers the ids of those leases of which nothing is left. */
  gone(leases: readonly Lease[]): Promise<Set<string>>;
}

/** An issuer that does what was asked for itself. */
export interface BrokeringIssuer extends Issuer {
  /** Of leases that are gone, those whose statement was committed, by the target's own record in the same transaction. Final: nothing of them runs any more. */
  executed(leases: readonly Lease[]): Promise<Map<string, Executed>>;
}

/** An issuer whose credentials stand at a target where they can be listed. */
export interface ListingIssuer extends Issuer {
  /** Ids of the leases that have something at this target. */
  listOurs(handle: Handle): Promise<string[]>;
  /** Stops new use of all of these and then cuts what is in use, and leaves them standing. Can be repeated at will. */
  close(handle: Handle, leaseIds: readonly string[]): Promise<void>;
  /** Closes and removes what stands there for a lease that this service does not hold. */
  removeStranger(handle: Handle, leaseId: string): Promise<void>;
}
