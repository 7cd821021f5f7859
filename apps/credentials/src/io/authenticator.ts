import { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server';
import type { Assertion, AssertionResponse, AttestationResponse } from '#contracts';
import type { Place } from '../core/ceremony.js';

/** ES256 and Ed25519 (RFC 9053): the algorithms of the whole house. */
export const algorithms = [-7, -8];

export interface EnrolledKey {
  credentialId: string;
  publicKey: Buffer;
  counter: number;
}

/**
 * What an authenticator said when it made a key (WebAuthn Level 3, section 7.1), with its person verified by PIN or body. Undefined for
 * whatever does not verify. Who made the authenticator is not asked: keys are enrolled by people who are known.
 */
export async function readAttestation(
  answer: AttestationResponse,
  { challenge, place }: { challenge: string; place: Place },
): Promise<EnrolledKey | undefined> {
  try {
    const { registrationInfo: made } = await verifyRegistrationResponse({
      response: answer,
      expectedChallenge: challenge,
      expectedOrigin: place.origin,
      expectedRPID: place.rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: algorithms,
    });
    if (made === undefined) return undefined;
    const { id, publicKey, counter } = made.credential;
    return { credentialId: id, publicKey: Buffer.from(publicKey), counter };
  } catch {
    // The library throws for whatever does not fit, and what does not fit proves nothing.
    return undefined;
  }
}

export interface AssertionExpectation {
  challenge: string;
  place: Place;
  publicKey: Uint8Array;
  /** The number at the key's last use; 0 to look again at what was accepted before. */
  counter: number;
}

/** The counter of an assertion (section 7.2) by exactly this key over exactly this challenge, with its person verified; undefined when it is not. */
export async function readAssertion(
  { authenticator_data, client_data, credential_id, signature }: Assertion,
  expected: AssertionExpectation,
): Promise<number | undefined> {
  const { challenge, counter, place, publicKey } = expected;
  try {
    const { authenticationInfo, verified } = await verifyAuthenticationResponse({
      response: {
        id: credential_id,
        rawId: credential_id,
        type: 'public-key',
        clientExtensionResults: {},
        response: { authenticatorData: authenticator_data, clientDataJSON: client_data, signature },
      },
      expectedChallenge: challenge,
      expectedOrigin: place.origin,
      expectedRPID: place.rpId,
      requireUserVerification: true,
      credential: { id: credential_id, publicKey: new Uint8Array(publicKey), counter },
    });
    return verified ? authenticationInfo.newCounter : undefined;
  } catch {
    return undefined;
  }
}

/** Only what was signed, and by which key. */
export function assertionOf({ id, response }: AssertionResponse): Assertion {
  const { authenticatorData: authenticator_data, clientDataJSON: client_data, signature } = response;
  return { credential_id: id, authenticator_data, client_data, signature };
}
