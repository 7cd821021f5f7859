import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatePrivateJwk, type PrivateJwk } from '#sdk';
import { GateFiles } from '../world/gate-files.js';
import type { Ports } from '../world/ports-of-world.js';
import { documentsOf } from './registry-documents.js';
import { writeWhole } from './stage.js';

export const toolNames = ['payment', 'sharing', 'quarantine'] as const;
export type ToolName = (typeof toolNames)[number];

/** What a demo is given once and keeps: its ports, keys and passwords. */
export class Installation {
  readonly files: GateFiles;

  constructor(
    readonly dir: string,
    readonly ports: Ports,
  ) {
    this.files = new GateFiles(join(dir, 'secrets'));
  }

  /** All people of the demo sign in with it. */
  get password(): string {
    return this.files.password('people');
  }

  get people(): string[] {
    return documentsOf('people.yaml', { issuer: '' })
      .filter(({ kind }) => kind === 'people')
      .map(({ id }) => id);
  }

  /** As Standard Webhooks writes keys. */
  webhookKey(): string {
    return `whsec_${Buffer.from(this.files.password('webhook')).toString('base64')}`;
  }

  toolUrl(name: ToolName): string {
    return `http://127.0.0.1:${this.ports.tool}/${name}`;
  }

  /** A private key: made once. */
  key(name: string, crv: 'Ed25519' | 'P-256'): PrivateJwk {
    const file = join(this.dir, 'secrets', `${name}.jwk`);
    if (!existsSync(file)) writeWhole(file, JSON.stringify(generatePrivateJwk(crv)));
    return JSON.parse(readFileSync(file, 'utf8')) as PrivateJwk;
  }
}
