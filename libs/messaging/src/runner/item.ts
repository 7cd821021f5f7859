import type { Incoming, RawRecord, Unreadable } from '../incoming.js';
import type { Lane, RawLane } from './routes.js';

/** What a record of a batch is to this service. Exactly one item per record, in the order of the partition. */
export type Item =
  | { kind: 'event'; lane: Lane; event: Incoming<unknown> }
  | { kind: 'raw'; lane: RawLane; record: RawRecord }
  | { kind: 'unreadable'; record: Unreadable; holds: boolean }
  | { kind: 'skip' };

/** Why a partition waits before a record: this build cannot read it, a later one will. */
export type WaitCode = 'unknown_major_version' | 'unreadable_registry_entry';

/** The record is not passed over: nothing behind it is read either. */
export interface Wait {
  kind: 'wait';
  code: WaitCode;
  type: string;
}
