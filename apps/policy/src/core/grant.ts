import type { Grant, Known, PolicyDecision, RequestValue } from '#contracts';
import { moneyOf } from './attributes.js';
import { isCount } from './plan.js';

/** No offer stays open longer, whatever the rules say. */
const longestOfferSeconds = 3_600;

/** What was asked, what the rules leave of it, and what the profile can give: the least of the three. Undefined when nothing is left. */
export function grantOf(
  request: RequestValue,
  profile: Known<'profiles'> | undefined,
  { credential, offer_ttl_s: offer }: PolicyDecision['obligations'],
): Grant | undefined {
  if (profile === undefined || ![credential.ttl_s, credential.max_uses, offer].every(isCount)) return undefined;
  const { action, resource, requested_access: asked } = request;
  return {
    profile: { id: profile.id, version: profile.version },
    ttl_seconds: Math.min(asked.ttl_seconds, credential.ttl_s, profile.spec.max_ttl_seconds),
    // What is reserved for a payment is one payment.
    uses: moneyOf(request) === undefined ? Math.min(asked.uses ?? 1, credential.max_uses, profile.spec.uses) : 1,
    scope: { action: action.name, resource: { type: resource.type, id: resource.id } },
    offer_ttl_seconds: Math.min(offer, longestOfferSeconds),
  };
}
