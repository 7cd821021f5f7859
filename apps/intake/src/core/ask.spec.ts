import { describe, expect, it } from '@jest/globals';
import { requestType } from '#contracts';
import { readBody, readRecord } from './ask.js';

const id = '01890000-0000-7000-8000-000000000001';
const headers = (over: Record<string, unknown> = {}): Record<string, unknown> => ({
  ce_specversion: Buffer.from('1.0'),
  ce_id: Buffer.from(id),
  ce_source: Buffer.from('urn:sallyport:agent:a'),
  ce_type: Buffer.from(requestType),
  'content-type': Buffer.from('application/json'),
  'sallyport-signature': Buffer.from('h..s'),
  ...over,
});
const read = (over: Record<string, unknown>, key: string | null = id) =>
  readRecord({
    key: key === null ? null : Buffer.from(key),
    value: Buffer.from('{}'),
    headers: headers(over),
    timestamp: 5,
  });

describe('reading a record of the requests topic', () => {
  it('takes the attributes from the headers and the time of append from the record', () => {
    expect(read({})).toMatchObject({
      carriage: 'good',
      appendedAt: 5,
      signature: 'h..s',
      attributes: { id, source: 'urn:sallyport:agent:a', type: requestType },
    });
  });

  it.each([
    ['structured mode', { 'content-type': Buffer.from('application/cloudevents+json') }],
    ['batched mode', { 'content-type': Buffer.from('application/cloudevents-batch+json') }],
    ['no content type', { 'content-type': undefined }],
    ['another content type', { 'content-type': Buffer.from('application/jsonp') }],
    ['no version of CloudEvents', { ce_specversion: undefined }],
    ['another version of CloudEvents', { ce_specversion: Buffer.from('0.3') }],
  ])('knows %s as another mode, in which only the signed attributes count', (_, over) => {
    const ask = read(over);
    expect(ask.carriage).toBe('unsupported_mode');
    expect(ask.attributes).toBeUndefined();
  });

  it.each([
    ['another key', 'other'],
    ['no key', null],
  ])('does not take a record with %s for good', (_, key) => {
    expect(read({}, key).carriage).toBe('schema_mismatch');
  });

  it('takes a header that is sent twice for absent', () => {
    expect(read({ 'sallyport-signature': [Buffer.from('h..s'), Buffer.from('i..t')] }).signature).toBeUndefined();
  });

  it('takes no value for an empty one', () => {
    expect(readRecord({ key: null, value: null, headers: {}, timestamp: 0 }).bytes).toHaveLength(0);
  });

  it('reads JSON over HTTP only', () => {
    const body = { rawBody: Buffer.from('{}'), signature: 'h..s', traceparent: undefined };
    expect(readBody({ ...body, contentType: 'application/json; charset=utf-8' }).carriage).toBe('good');
    expect(readBody({ ...body, contentType: 'application/cloudevents+json' }).carriage).toBe('unsupported_mode');
    expect(readBody({ ...body, contentType: undefined }).carriage).toBe('unsupported_mode');
  });
});
