import type { Log } from '#platform';
import { logLevel, type LogEntry, type logCreator } from 'kafkajs';

/**
 * What kafkajs says, as lines of ours. Its texts name topics, groups and brokers, never a record's content. It says `info` for every
 * pause and join, and `error` for every attempt that it repeats itself.
 */
export function kafkaLog(log: Log): logCreator {
  return () =>
    ({ level, log: entry }: LogEntry) => {
      const fields = fieldsOf(entry);
      if (level <= logLevel.WARN)
        log.warn('kafka.client', { ...fields, level: level === logLevel.ERROR ? 'error' : 'warn' });
      else log.debug('kafka.client', fields);
    };
}

function fieldsOf(entry: LogEntry['log']) {
  const { message, groupId, memberId, topic, partition, broker, retryCount, error } = entry;
  return {
    detail: message,
    group_id: groupId as unknown,
    member_id: memberId as unknown,
    topic: topic as unknown,
    partition: partition as unknown,
    broker: broker as unknown,
    attempt: retryCount as unknown,
    reason: typeof error === 'string' ? error : undefined,
  };
}
