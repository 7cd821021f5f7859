import { safeText } from '#trust';
import { reasonText } from './reasons.js';

/** Why people are told. Each is told once per action, group, channel and stage. */
export const messageKinds = [
  'new', 'replaced', 'escalated', 'reminder', 'denied', 'expired', 'cancelled', 'refused', 'emergency', 'review', 'replayed',
  'delegated', 'joined',
] as const; // prettier-ignore
export type MessageKind = (typeof messageKinds)[number];

export interface Told {
  kind: MessageKind;
  actionId: string;
  headline: string;
  severity: string;
  /** Of the outcome, where there is one. */
  code?: string | undefined;
  /** RFC 3339; until when people can decide. */
  deadlineAt?: string | undefined;
  reviewId?: string | undefined;
  /** To a page that says how to look, for people who read this on another machine than that of their command line. */
  link: string;
}

const openings: Readonly<Record<MessageKind, string>> = {
  new: 'An agent waits for your decision',
  replaced: 'A request has changed: earlier votes are void',
  escalated: 'Nobody has decided a request yet: you may as well now',
  reminder: 'A request still waits, and its time is nearly up',
  denied: 'A request was denied',
  expired: 'A request expired without a decision',
  cancelled: 'A request was cancelled',
  refused: 'A request was approved but not released',
  emergency: 'An emergency rule released an action at once',
  review: 'A review of an emergency release is due',
  replayed: 'ALARM: a credential was asked for a second time',
  delegated: 'Somebody has given you their seat in a decision',
  joined: 'You are new in a group that requests wait for',
};

const asksForDecision: ReadonlySet<MessageKind> = new Set(['new', 'replaced', 'escalated', 'reminder', 'delegated']);

export function subjectOf(told: Told): string {
  return `[${told.severity}] ${openings[told.kind]}: ${safeText(told.headline)}`.slice(0, 200);
}

/**
 * A plain-text mail. It says where to look and never decides anything: mail scanners follow links, run scripts and send
 * forms, so its one link leads to a page that can do nothing. The agent's own words are not in it; they are read beside the facts.
 */
export function mailText(told: Told): string {
  return [
    `${openings[told.kind]}.`,
    '',
    `  What      ${safeText(told.headline)}`,
    `  Severity  ${told.severity}`,
    `  Action    ${told.actionId}`,
    ...(told.deadlineAt === undefined ? [] : [`  Until     ${told.deadlineAt}`]),
    ...(told.code === undefined ? [] : [`  Why       ${reasonText(told.code)} (${safeText(told.code)})`]),
    '',
    ...nextSteps(told),
    '',
    `How to do that: ${told.link}`,
    '',
    'This mail decides nothing, and neither does its link or an answer to it.',
    '',
  ].join('\n');
}

function nextSteps({ kind, actionId, reviewId }: Told): string[] {
  if (kind === 'review') {
    const id = reviewId ?? '<review id>';
    return [
      'Look, then close the review:',
      `  sallyport reviews list`,
      `  sallyport reviews close ${id} --verdict fit --reason "…"`,
    ];
  }
  if (kind === 'replayed') {
    return [
      'Somebody with a key of this agent has come for it again. If that was not the agent itself:',
      '  sallyport agents suspend <agent id> --reason "…"',
      `  sallyport actions show ${actionId}`,
    ];
  }
  if (kind === 'joined') return ['All that waits for you, most urgent first:', '  sallyport approvals list'];
  if (!asksForDecision.has(kind)) return ['Everything that happened:', `  sallyport actions show ${actionId}`];
  return ['Look at what would run, then decide:', `  sallyport approvals show ${actionId}`];
}

/** The payload of a webhook (Standard Webhooks: thin, so that details are read where access is checked). */
export function webhookBody(told: Told, at: string): string {
  const { kind, actionId, headline, severity, code, deadlineAt, reviewId, link } = told;
  const data = {
    action_id: actionId,
    headline,
    severity,
    link,
    ...(code === undefined ? {} : { code }),
    ...(deadlineAt === undefined ? {} : { deadline_at: deadlineAt }),
    ...(reviewId === undefined ? {} : { review_id: reviewId }),
  };
  return JSON.stringify({ type: `sallyport.people.${kind}`, timestamp: at, data });
}

/** When the reminder is due: at the beginning of the last fifth. */
export function reminderAt(openedAt: string, deadlineAt: string): Date {
  const from = Date.parse(openedAt);
  return new Date(from + (Date.parse(deadlineAt) - from) * 0.8);
}
