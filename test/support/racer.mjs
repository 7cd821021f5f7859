// One side of a race, as a process of its own: reads calls, one JSON object a line, waits for the instant that is named
// in it, makes all calls of it at once, and answers {id, answers: [{status, body, at}]}. `at` is when the answer was there.
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

const exactMs = 15;

async function call({ url, method, headers, body }) {
  try {
    const answer = await fetch(url, { method, headers, body, signal: AbortSignal.timeout(30_000) });
    const text = await answer.text();
    return { status: answer.status, body: text, at: Date.now() };
  } catch (error) {
    return { status: 0, body: String(error), at: Date.now() };
  }
}

async function run({ id, at, calls }) {
  await pause(Math.max(0, at - Date.now() - exactMs));
  // A timer may be late by more than the whole offset: the last moment is waited for awake.
  while (Date.now() < at);
  const answers = await Promise.all(calls.map(call));
  process.stdout.write(`${JSON.stringify({ id, answers })}\n`);
}

for await (const line of createInterface({ input: process.stdin })) void run(JSON.parse(line));
