import { beforeEach, expect, it } from '@jest/globals';
import { Fault } from '#platform';
import { DatabaseClock } from './database-clock.js';

/** An hour before the wall clock of this process, and then on by itself. */
const noon = Date.now() - 3_600_000;
let passed: number;
let answers: (() => Promise<Date>)[];
let clock: DatabaseClock;

beforeEach(() => {
  passed = 500;
  answers = [];
  const now = (): Promise<Date> => answers.shift()?.() ?? Promise.reject(new Error('asked too often'));
  clock = new DatabaseClock({ now }, () => passed);
});

const says =
  (ms: number, tookMs = 0) =>
  () => {
    passed += tookMs;
    return Promise.resolve(new Date(ms));
  };

it('is the database’s, whatever this process believes, and is asked once for many calls', async () => {
  answers = [says(noon)];
  expect(await Promise.all([clock.now(), clock.now()])).toEqual([noon, noon]);
  passed += 29_000;
  expect(await clock.now()).toBe(noon + 29_000);
});

it('is asked again after a while, and believed when it was set', async () => {
  answers = [says(noon), says(noon - 60_000)];
  await clock.now();
  passed += 30_001;
  expect(await clock.now()).toBe(noon - 60_000);
});

it('takes the middle of the time that the answer took', async () => {
  answers = [says(noon, 100)];
  expect(await clock.now()).toBe(noon + 50);
});

it('is asked again at once where the answer took too long to say much', async () => {
  answers = [says(noon, 1_001), says(noon + 1_000), says(noon + 2_000)];
  await clock.now();
  expect(await clock.now()).toBe(noon + 1_000);
  expect(await clock.now()).toBe(noon + 1_000);
});

it('is unknown while the database does not answer, and asked again by the next call', async () => {
  const away = new Fault('database_unavailable', { retryable: true });
  answers = [() => Promise.reject(away), says(noon)];
  await expect(clock.now()).rejects.toBe(away);
  expect(await clock.now()).toBe(noon);
});
