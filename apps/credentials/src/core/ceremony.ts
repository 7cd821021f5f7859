import type { DecisionView, PullBody, StepUpAbout } from '#contracts';
import { challengeOf, stepUpChallenge } from '#trust';

/** How long a page may be open before the security key is used. Seconds. */
export const ceremonySeconds = 300;

/** Somebody with a security key, as the registry names that person, by one identity. */
export interface Holder {
  person: string;
  iss: string;
  sub: string;
}

/** What a security key is used for, once. */
export type About =
  | { kind: 'enrol'; gate: string; person: string; label: string; nonce: string }
  | { kind: 'vote'; confirms: StepUpAbout; view: DecisionView }
  | { kind: 'pull'; gate: string; person: string; pull: PullBody; nonce: string };

export interface Ceremony {
  /** What stands in the path of its page: an action's id, or one that was made for it. */
  subject: string;
  about: About;
  holder: Holder;
  /** The person who asked for the page; a registrar may open an enrolment for somebody else. */
  begunBy: string;
  challenge: string;
  expiresAt: Date;
  doneAt: Date | undefined;
  statement: string | undefined;
  now: Date;
}

/** What the authenticator signs. Each kind has its own domain, so that nothing that was signed for one is good for another. */
export function challengeFor(about: About): string {
  switch (about.kind) {
    case 'vote':
      return stepUpChallenge(about.confirms);
    case 'pull':
      return challengeOf('sallyport/kill-switch/v1', about);
    case 'enrol':
      return challengeOf('sallyport/enrol/v1', about);
  }
}

/** Why nothing more can be done on this page; undefined while it can. */
export function whyOver({ doneAt, expiresAt, now }: Ceremony): 'already_used' | 'expired' | undefined {
  if (doneAt !== undefined) return 'already_used';
  return now >= expiresAt ? 'expired' : undefined;
}

/**
 * Whether this person may open an enrolment. The first key is one's own business: the key of the sign-in answers for it. Whoever has, or
 * has had, a security key gets another one from a registrar only, and never from themselves: a copied sign-in must not become a security key.
 */
export function mayEnrol(
  by: string,
  person: string,
  { hasHadKey, registrars }: { hasHadKey: boolean; registrars: ReadonlySet<string> },
): boolean {
  if (by === person) return !hasHadKey;
  return registrars.has(by);
}

export interface Place {
  /** What the paths of pages follow. */
  url: string;
  /** As the browser states it in what the authenticator signs. */
  origin: string;
  /** The relying party (WebAuthn Level 3, section 4): a host name. Keys are good for this one only. */
  rpId: string;
}

/** Where people use their security keys. An address has no host name and is no relying party, so this machine is called by its name. */
export function placeOf(url: string): Place {
  const at = new URL(url);
  if (at.hostname === '127.0.0.1' || at.hostname === '[::1]') at.hostname = 'localhost';
  return { url: at.href.replace(/\/+$/u, ''), origin: at.origin, rpId: at.hostname };
}
