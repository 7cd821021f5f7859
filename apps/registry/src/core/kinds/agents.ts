import type { AgentKey } from '#contracts';
import { keyObjection } from '../public-key.js';
import { mismatch, person, registrarsOnly, repeated, type KindRule } from '../kind-rule.js';

export const kidClaim = (kid: string): string => `kid:${kid}`;

/** What each use needs: agents sign with Ed25519 or P-256, and are encrypted to on P-256 or X25519. */
const curves: Record<AgentKey['use'], readonly AgentKey['crv'][]> = {
  sig: ['Ed25519', 'P-256'],
  enc: ['P-256', 'X25519'],
};

export const agents: KindRule<'agents'> = {
  writers: registrarsOnly,
  references: ({ owner, principals, outside_accounts: accounts = [] }) => [
    ...[...new Set([owner, ...principals])].map(person),
    ...[...new Set(accounts.map(({ target }) => target))].map((id) => ({ kind: 'targets' as const, id })),
  ],
  claims: ({ jwks }) => jwks.keys.map(({ kid }) => kidClaim(kid)),
  objection: ({ jwks, limits, outside_accounts: accounts = [], principals }) => {
    const twice =
      repeated(jwks.keys.map(({ kid }) => kid)) ??
      repeated(limits.map(({ currency }) => currency)) ??
      repeated(principals) ??
      repeated(accounts.map(({ account, target }) => `${account} at ${target}`));
    if (twice !== undefined) return mismatch(`${twice} occurs twice`);
    if (!jwks.keys.some(({ use }) => use === 'sig')) return mismatch('jwks.keys: one key has use "sig"');
    const wrong = jwks.keys.find((key) => !curves[key.use].includes(key.crv));
    if (wrong) return mismatch(`jwks.keys: ${wrong.crv} is not a curve for use "${wrong.use}"`);
    return keyObjection(jwks.keys);
  },
};
