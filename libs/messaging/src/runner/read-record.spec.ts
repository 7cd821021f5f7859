import { actionCancelRequested, registryChanged, topics } from '#contracts';
import { describe, expect, it } from '@jest/globals';
import type { KafkaMessage } from 'kafkajs';
import { on, onAny, onRaw } from '../hears.js';
import { readRecord } from './read-record.js';
import { Routes } from './routes.js';

class Handler {
  async handle(): Promise<void> {}
}

const routes = new Routes(
  [on(actionCancelRequested, Handler), on(registryChanged, Handler), onRaw(topics.requests, Handler)],
  () => new Handler(),
);

const key = '01980000-0000-7000-8000-000000000001';
const place = { topic: topics.actions, partition: 3 };
const data = { action_id: key, agent_id: 'agent-1', code: 'agent_cancelled', by: 'agent-1' };

const headers = {
  ce_specversion: '1.0',
  ce_id: 'event-1',
  ce_source: 'urn:sallyport:service:intake',
  ce_type: actionCancelRequested.type as string,
  ce_subject: key,
  ce_sequence: '7',
  ce_time: '2026-11-24T00:00:00.000Z',
  'content-type': 'application/json',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
};

type Headers = Record<string, string | string[] | undefined>;

function aRecord(more: { headers?: Headers; key?: string | null; value?: string | null } = {}): KafkaMessage {
  const { key: itsKey = key, value = JSON.stringify(data) } = more;
  const merged: Headers = { ...headers, ...more.headers };
  const present = Object.entries(merged).filter(([, text]) => text !== undefined) as [string, string | string[]][];
  const bytes = present.map(([name, text]) => [name, Array.isArray(text) ? text : Buffer.from(text)] as const);
  return {
    key: itsKey === null ? null : Buffer.from(itsKey),
    value: value === null ? null : Buffer.from(value),
    headers: Object.fromEntries(bytes),
    offset: '9007199254740993',
    timestamp: '1764000000000',
    attributes: 0,
  };
}

const codeOf = (message: KafkaMessage): string => {
  const item = readRecord(message, place, routes);
  return item.kind === 'unreadable' ? item.record.code : item.kind;
};

describe('reading a record', () => {
  it('skips what the service says is none of its business, and still refuses what it cannot read', () => {
    const hears = new Routes([on(actionCancelRequested, Handler, ({ by }) => by !== 'agent-1')], () => new Handler());
    const kindOf = (message: KafkaMessage): string => readRecord(message, place, hears).kind;
    expect(kindOf(aRecord())).toBe('skip');
    expect(kindOf(aRecord({ value: JSON.stringify({ ...data, by: 'somebody' }) }))).toBe('event');
    expect(kindOf(aRecord({ value: '{}' }))).toBe('unreadable');
  });

  it('gives the event with its attributes, its data, its exact bytes and its place', () => {
    const item = readRecord(aRecord(), place, routes);
    expect(item).toMatchObject({
      kind: 'event',
      event: {
        id: 'event-1',
        subject: key,
        sequence: 7,
        data,
        key,
        offset: '9007199254740993',
        topic: topics.actions,
        partition: 3,
        traceparent: headers.traceparent,
      },
    });
    expect(item.kind === 'event' && item.event.value.toString()).toBe(JSON.stringify(data));
  });

  it.each<[string, Parameters<typeof aRecord>[0]]>([
    ['not_a_cloudevent', { headers: { ce_type: undefined } }],
    ['not_a_cloudevent', { headers: { ce_specversion: '0.3' } }],
    ['not_a_cloudevent', { headers: { ce_sequence: '-1' } }],
    ['not_a_cloudevent', { headers: { ce_sequence: '9007199254740993' } }],
    ['not_a_cloudevent', { headers: { ce_subject: undefined } }],
    ['not_a_cloudevent', { headers: { ce_id: ['one', 'two'] } }],
    [
      'unsupported_mode',
      { headers: { ce_type: undefined, 'content-type': 'application/cloudevents+json; charset=utf-8' } },
    ],
    ['key_mismatch', { key: 'another' }],
    ['key_mismatch', { key: null }],
    ['no_value', { value: null }],
    ['no_value', { value: '' }],
    ['malformed_json', { value: '{' }],
    ['schema_mismatch', { value: '[]' }],
    ['schema_mismatch', { value: '{"action_id":1}' }],
  ])('says %s for %j', (code, record) => {
    expect(codeOf(aRecord(record))).toBe(code);
  });

  it('keeps fields that a newer minor version has added out of the data and in the bytes', () => {
    const item = readRecord(aRecord({ value: JSON.stringify({ ...data, added: 1 }) }), place, routes);
    expect(item.kind === 'event' && item.event.data).toEqual(data);
    expect(item.kind === 'event' && item.event.value.toString()).toContain('added');
  });

  it('skips a type that is not heard', () => {
    expect(codeOf(aRecord({ headers: { ce_type: 'sallyport.something.else.v1' }, value: 'not even json' }))).toBe(
      'skip',
    );
  });

  it('skips a type that is heard on another topic: whoever may write here may not say it', () => {
    expect(readRecord(aRecord(), { topic: topics.leases, partition: 0 }, routes).kind).toBe('skip');
  });

  it('waits before another major version of what it hears', () => {
    const item = readRecord(aRecord({ headers: { ce_type: 'sallyport.action.cancel_requested.v2' } }), place, routes);
    expect(item).toEqual({ kind: 'wait', code: 'unknown_major_version', type: 'sallyport.action.cancel_requested.v2' });
  });

  it('waits before a registry entry that it cannot read', () => {
    const record = aRecord({ headers: { ce_type: registryChanged.type } });
    expect(readRecord(record, { topic: topics.registry, partition: 0 }, routes)).toMatchObject({
      kind: 'wait',
      code: 'unreadable_registry_entry',
    });
  });

  it('leaves the records of an untrusted topic untouched', () => {
    const record = aRecord({ value: 'anything', headers: { ce_type: undefined } });
    const item = readRecord(record, { topic: topics.requests, partition: 0 }, routes);
    expect(item).toMatchObject({
      kind: 'raw',
      record: { value: Buffer.from('anything'), timestamp: 1_764_000_000_000 },
    });
  });
});

describe('the list of what is heard', () => {
  it('refuses to hear one event twice', () => {
    const twice = () =>
      new Routes([on(actionCancelRequested, Handler), onAny([topics.actions], Handler)], () => new Handler());
    expect(twice).toThrow('heard twice');
  });
});
