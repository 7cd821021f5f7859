import { Log } from '#platform';
import { describe, expect, it } from '@jest/globals';
import type { TopicPartitionOffsetAndMetadata } from 'kafkajs';
import { OffsetCommits } from './offset-commits.js';

class FakeConsumer {
  readonly commits: TopicPartitionOffsetAndMetadata[][] = [];
  down = false;

  commitOffsets(offsets: TopicPartitionOffsetAndMetadata[]): Promise<void> {
    if (this.down) return Promise.reject(new Error('down'));
    this.commits.push(offsets);
    return Promise.resolve();
  }
}

function setUp() {
  const consumer = new FakeConsumer();
  return { consumer, offsets: new OffsetCommits(consumer, new Log('policy', 'error', { write: () => undefined })) };
}

describe('committing offsets', () => {
  it('is one request for all partitions, with the next offset to read, also above 2^53', async () => {
    const { consumer, offsets } = setUp();
    offsets.done('a', 0, '5');
    offsets.done('a', 0, '9007199254740993');
    offsets.done('b', 1, '0');
    await offsets.flush();
    expect(consumer.commits).toEqual([
      [
        { topic: 'a', partition: 0, offset: '9007199254740994' },
        { topic: 'b', partition: 1, offset: '1' },
      ],
    ]);
  });

  it('commits nothing twice, and what failed again', async () => {
    const { consumer, offsets } = setUp();
    offsets.done('a', 0, '5');
    consumer.down = true;
    await offsets.flush();
    consumer.down = false;
    await offsets.flush();
    await offsets.flush();
    expect(consumer.commits).toHaveLength(1);
  });

  it('leaves partitions that others own now to them', async () => {
    const { consumer, offsets } = setUp();
    offsets.done('a', 0, '5');
    offsets.done('a', 1, '5');
    offsets.keepOnly({ a: [1] });
    await offsets.stop();
    expect(consumer.commits).toEqual([[{ topic: 'a', partition: 1, offset: '6' }]]);
  });
});
