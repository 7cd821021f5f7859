import { serviceEvents } from '#contracts';

/** `docs/events.md`: what is said, on which topic, and when. */
export function eventTable(): string {
  const rows = serviceEvents.map((event) => `| \`${event.type}\` | \`${event.topic}\` | ${event.emitted} |`);
  return [
    '# Events',
    '',
    'Generated from `libs/contracts/src/events/` by `npm run docs`. Do not edit.',
    'Envelope: CloudEvents 1.0, Kafka binary mode; key = action id (`kind:id` for registry entries, `kill-switch:id` for a pull); `ce_sequence` = version of the producer’s row.',
    '',
    '| type | topic | emitted when, and what it means |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
