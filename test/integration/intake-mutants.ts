import { zstdCompressSync } from 'node:zlib';
import kafkajs, { type IHeaders } from 'kafkajs';
import { newId } from '#platform';
import { aSigningKey } from '../support/gate.js';
import { anAsk, recordOf, type SignedAsk } from './intake-asks.js';

/** A small generator that the seed repeats (mulberry32). */
export function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

export interface Mutant {
  key: string | null;
  value: Buffer | null;
  headers: IHeaders;
}

/** Bends a good record so that no agent has signed what results, or so that it is carried in a way that is not accepted. */
export type Mutation = (ask: SignedAsk, random: (below: number) => number) => Mutant;

const flip = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0x01;
  return copy;
};
const noise = (random: (below: number) => number, length: number): Buffer =>
  Buffer.from(Array.from({ length }, () => random(256)));
/** Mostly some kilobytes, sometimes as much as a record may hold. */
const large = (random: (below: number) => number): number => (random(10) === 0 ? 64_000 : 4_000);
const withHeaders = (ask: SignedAsk, headers: IHeaders): Mutant => recordOf(ask, headers);
const without = (ask: SignedAsk, name: string): Mutant => {
  const record = recordOf(ask);
  return {
    ...record,
    headers: Object.fromEntries(Object.entries(record.headers).filter(([header]) => header !== name)),
  };
};

/** One stranger for all, and one stranger for each: the second kind has a kid that nobody ever asked about. */
const stranger = aSigningKey();
const resigned = (ask: SignedAsk, key = stranger): Mutant => {
  const aud = 'gate.test.example/sallyport.requests.v1';
  return recordOf(anAsk({ id: ask.id, key: key.signing, text: ask.bytes, aud }));
};

export const mutations: Mutation[] = [
  (ask, random) => ({ ...recordOf(ask), value: flip(ask.bytes, random(ask.bytes.length)) }),
  (ask, random) => ({ ...recordOf(ask), value: ask.bytes.subarray(0, random(ask.bytes.length)) }),
  (ask) => ({ ...recordOf(ask), value: Buffer.concat([ask.bytes, Buffer.from(' ')]) }),
  (ask) => ({ ...recordOf(ask), value: null }),
  (ask, random) => ({ ...recordOf(ask), value: noise(random, 300) }),
  (ask, random) =>
    withHeaders(ask, { 'sallyport-signature': flip(Buffer.from(ask.signature), random(ask.signature.length)) }),
  (ask) => withHeaders(ask, { 'sallyport-signature': [ask.signature, ask.signature] }),
  (ask, random) => withHeaders(ask, { 'sallyport-signature': 'x'.repeat(large(random)) }),
  (ask) => without(ask, 'sallyport-signature'),
  (ask, random) => without(ask, ['ce_id', 'ce_source', 'ce_type', 'ce_specversion', 'content-type'][random(5)] ?? ''),
  (ask) => withHeaders(ask, { ce_id: newId() }),
  (ask) => withHeaders(ask, { ce_source: 'urn:sallyport:agent:b' }),
  (ask) => withHeaders(ask, { ce_type: 'sallyport.action.requested.v9' }),
  (ask) => withHeaders(ask, { 'content-type': 'application/cloudevents+json' }),
  (ask) => ({ ...recordOf(ask), key: newId() }),
  (ask) => ({ ...recordOf(ask), key: null }),
  (ask) => resigned(ask),
  (ask) => resigned(ask, aSigningKey()),
  (_, random) => ({
    key: 'x',
    value: noise(random, 64),
    headers: { [noise(random, 8).toString('latin1')]: noise(random, 64) },
  }),
  (_, random) => ({ key: null, value: Buffer.from('['.repeat(large(random))), headers: {} }),
];

/** Compressed batches that kafkajs itself cannot make; the broker takes them apart. */
export function registerCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  const codec = (compress: (bytes: Buffer) => Buffer) => () => ({
    compress: ({ buffer }: { buffer: Buffer }) => Promise.resolve(compress(buffer)),
    decompress: () => Promise.reject(new Error('never read compressed')),
  });
  CompressionCodecs[CompressionTypes.ZSTD] = codec(zstdCompressSync);
  CompressionCodecs[CompressionTypes.Snappy] = codec(snappyOf);
  CompressionCodecs[CompressionTypes.LZ4] = codec(lz4Of);
}

/** Snappy raw format: the length as a varint, then literals only. */
function snappyOf(bytes: Buffer): Buffer {
  const parts: Buffer[] = [varint(bytes.length)];
  for (let at = 0; at < bytes.length; at += 60) {
    const literal = bytes.subarray(at, at + 60);
    parts.push(Buffer.from([(literal.length - 1) << 2]), literal);
  }
  return Buffer.concat(parts);
}

/** LZ4 frame with 64 KiB blocks that are stored as they are; 0x82 is the checksum of exactly this header. */
function lz4Of(bytes: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from('04224d18604082', 'hex')];
  for (let at = 0; at < bytes.length; at += 65_536) {
    const block = bytes.subarray(at, at + 65_536);
    const size = Buffer.alloc(4);
    size.writeUInt32LE((block.length | 0x80000000) >>> 0);
    parts.push(size, block);
  }
  return Buffer.concat([...parts, Buffer.alloc(4)]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}
