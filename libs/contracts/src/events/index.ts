import type { EventDefinition } from '../event.js';
import { actionAccepted } from './action-accepted.v1.js';
import { actionRejected } from './action-rejected.v1.js';
import { actionCancelRequested } from './action-cancel-requested.v1.js';
import { policyAllowed } from './policy-allowed.v1.js';
import { policyApprovalRequired } from './policy-approval-required.v1.js';
import { policyDenied } from './policy-denied.v1.js';
import { policyCancelRequested } from './policy-cancel-requested.v1.js';
import { approvalOpened } from './approval-opened.v1.js';
import { approvalEscalated } from './approval-escalated.v1.js';
import { approvalQuestioned } from './approval-questioned.v1.js';
import { approvalReplaced } from './approval-replaced.v1.js';
import { approvalVoted } from './approval-voted.v1.js';
import { approvalDelegated } from './approval-delegated.v1.js';
import { approvalGranted } from './approval-granted.v1.js';
import { approvalDenied } from './approval-denied.v1.js';
import { approvalExpired } from './approval-expired.v1.js';
import { approvalCancelled } from './approval-cancelled.v1.js';
import { approvalCancelRequested } from './approval-cancel-requested.v1.js';
import { reviewOpened } from './review-opened.v1.js';
import { reviewClosed } from './review-closed.v1.js';
import { leaseOffered } from './lease-offered.v1.js';
import { leaseReleased } from './lease-released.v1.js';
import { leaseRefused } from './lease-refused.v1.js';
import { leaseLapsed } from './lease-lapsed.v1.js';
import { leaseCancelled } from './lease-cancelled.v1.js';
import { leaseEnded } from './lease-ended.v1.js';
import { leaseReplayed } from './lease-replayed.v1.js';
import { killSwitchChanged } from './kill-switch-changed.v1.js';
import { registryChanged } from './registry-changed.v1.js';

/** Everything that services say. */
export const serviceEvents: readonly EventDefinition[] = [
  actionAccepted,
  actionRejected,
  actionCancelRequested,
  policyAllowed,
  policyApprovalRequired,
  policyDenied,
  policyCancelRequested,
  approvalOpened,
  approvalEscalated,
  approvalReplaced,
  approvalVoted,
  approvalDelegated,
  approvalQuestioned,
  approvalGranted,
  approvalDenied,
  approvalExpired,
  approvalCancelled,
  approvalCancelRequested,
  reviewOpened,
  reviewClosed,
  leaseOffered,
  leaseReleased,
  leaseRefused,
  leaseLapsed,
  leaseCancelled,
  leaseEnded,
  leaseReplayed,
  killSwitchChanged,
  registryChanged,
];

export {
  actionAccepted,
  actionRejected,
  actionCancelRequested,
  policyAllowed,
  policyApprovalRequired,
  policyDenied,
  policyCancelRequested,
  approvalOpened,
  approvalEscalated,
  approvalReplaced,
  approvalVoted,
  approvalDelegated,
  approvalQuestioned,
  approvalGranted,
  approvalDenied,
  approvalExpired,
  approvalCancelled,
  approvalCancelRequested,
  reviewOpened,
  reviewClosed,
  leaseOffered,
  leaseReleased,
  leaseRefused,
  leaseLapsed,
  leaseCancelled,
  leaseEnded,
  leaseReplayed,
  killSwitchChanged,
  registryChanged,
};
