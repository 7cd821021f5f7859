import type { IncomingMessage } from 'node:http';
import { expect } from '@jest/globals';

/** What the gate was asked. */
export interface Received {
  method: string;
  path: string;
  authorization: string | undefined;
  body: unknown;
}

/** How a command ended. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

export async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? undefined : JSON.parse(text);
}

/** Words on one line, no stack, and nothing on stdout. */
export function expectWords({ stdout, stderr }: Ended, words: string): void {
  const last = stderr.trimEnd().split('\n').at(-1) ?? '';
  expect(last).toContain(words);
  expect(stderr).not.toMatch(/^\s+at /mu);
  expect(stdout).toBe('');
}
