import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatePrivateJwk, publicPart, SallyportAgent, thumbprint, Trust, type PrivateJwk } from '#sdk';
import { z } from 'zod';
import { writeWhole } from './stage.js';

/** What an agent is given when it is set up: who it is, its private keys, and the gate that it trusts. */
export const agentFile = z.strictObject({
  agent_id: z.string(),
  signing_key: z.custom<PrivateJwk>(),
  encryption_key: z.custom<PrivateJwk>(),
  trust_file: z.string(),
  urls: z.strictObject({ intake: z.string(), notifier: z.string(), credentials: z.string() }),
});
export type AgentFile = z.infer<typeof agentFile>;

type Where = Pick<AgentFile, 'trust_file' | 'urls'> & { dir: string };

export const agentFilePath = (dir: string, id: string): string => join(dir, `${id}.json`);

/** The file of an agent: made with fresh keys the first time, the same afterwards. */
export function ensureAgentFile(id: string, { dir, trust_file, urls }: Where): AgentFile {
  const path = agentFilePath(dir, id);
  const known = existsSync(path) ? agentFile.parse(JSON.parse(readFileSync(path, 'utf8'))) : undefined;
  const file: AgentFile = {
    agent_id: id,
    signing_key: known?.signing_key ?? generatePrivateJwk('Ed25519'),
    encryption_key: known?.encryption_key ?? generatePrivateJwk('P-256'),
    trust_file,
    urls,
  };
  writeWhole(path, JSON.stringify(file, null, 2));
  return file;
}

/** The public halves, as a registrar registers them. */
export function publicKeysOf({ signing_key, encryption_key }: AgentFile): { keys: object[] } {
  return { keys: [publicKey(signing_key, 'sig'), publicKey(encryption_key, 'enc')] };
}

export function publicKey(jwk: PrivateJwk, use: 'sig' | 'enc'): object {
  return { ...publicPart(jwk), kid: thumbprint(jwk), use };
}

/** The agent's own side of the gate. */
export function clientOf(file: AgentFile): SallyportAgent {
  return new SallyportAgent({
    agentId: file.agent_id,
    signingKey: file.signing_key,
    encryptionKey: file.encryption_key,
    trust: Trust.read(file.trust_file),
    urls: file.urls,
  });
}
