import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../world/place.js';

/** How to start the agent that is written in Python. */
export const pythonAgent = ['python3', join(root, 'demo', 'agents', 'refund_agent.py')] as const;

/** Why the Python agent cannot run here; undefined when it can. */
export function whyNoPython(): string | undefined {
  try {
    execFileSync('python3', ['-c', 'import cryptography, requests'], { stdio: 'ignore', timeout: 20_000 });
    return undefined;
  } catch {
    return 'python3 with the packages cryptography and requests is not installed';
  }
}
