import { endPersonKeyAnswer, personKeyAnswer } from '#contracts';
import { generatePrivateJwk, keyNonce, freshSecret, publicPart } from '#trust';
import { Refused, Unreachable } from '../io/failures.js';
import type { Gate } from '../io/gate.js';
import type { Output } from '../io/output.js';
import { SessionError, type SessionFile, type VotingKey } from '../io/session.js';
import { SettingsMissing } from '../io/settings.js';
import type { SignIn } from '../io/sign-in.js';

/**
 * Signs in, with a key that is made here and never leaves this machine: the sign-in commits to it by its nonce, and
 * credentials then vouches for it. Without it one can look and change nothing.
 */
export async function login(
  { gate, session, signIn }: { gate: Gate; session: SessionFile; signIn: SignIn },
  output: Output,
  { issuer }: { issuer?: string } = {},
): Promise<void> {
  const jwk = generatePrivateJwk('P-256');
  const random = freshSecret();
  const { idToken, subject } = await signIn.login(
    keyNonce(jwk, random),
    (url) => {
      output.result({ url }, `Open this address to sign in:\n\n  ${url}\n`);
    },
    issuer,
  );
  const body = { id_token: idToken, jwk: publicPart(jwk), random };
  const call = { method: 'POST', body, provenInBody: true } as const;
  const said = await gate.call('credentials', '/v1/person-keys', personKeyAnswer, call);
  const now = session.read();
  if (now === undefined) throw new SessionError(`the sign-in is gone: ${session.howToSignIn}`);
  session.write({ ...now, voting_key: { jwk, ...said } });
  const until = new Date(said.until * 1_000).toISOString();
  output.result({ subject, until }, `Signed in as ${subject}. You can decide until ${until}.`);
}

/** The key is ended where it is known, and is gone from this machine in any case. */
export async function logout(
  { gate, session }: { gate: () => Gate; session: SessionFile },
  output: Output,
): Promise<void> {
  const key = keyOf(session);
  const isTold = key === undefined || (await end(gate, key));
  session.remove();
  output.result({ signed_out: true }, 'Signed out.');
  if (!isTold) {
    output.note('credentials could not be told: your voting key is gone from this machine, and is over at the latest eight hours after you signed in.');
  }
} // prettier-ignore

async function end(gate: () => Gate, { thumbprint }: VotingKey): Promise<boolean> {
  try {
    await gate().call('credentials', `/v1/person-keys/${thumbprint}/end`, endPersonKeyAnswer, { method: 'POST' });
    return true;
  } catch (error) {
    const isExpected =
      error instanceof Refused ||
      error instanceof Unreachable ||
      error instanceof SessionError ||
      error instanceof SettingsMissing;
    if (isExpected) return false;
    throw error;
  }
}

/** A file that cannot be used holds no key that this program would use. */
function keyOf(session: SessionFile): VotingKey | undefined {
  try {
    return session.read()?.voting_key;
  } catch (error) {
    if (error instanceof SessionError) return undefined;
    throw error;
  }
}
