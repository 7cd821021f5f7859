import { signNote, verifierKey, type Keyring } from '#trust';

/**
 * Signs checkpoints and export manifests with every checkpoint key of the service: while one takes over from another, auditors verify
 * with the one they keep. The origin names this incarnation of the log; a restored log gets a new one.
 */
export class CheckpointKey {
  readonly origin: string;

  constructor(
    private readonly keyring: Keyring,
    logName: string,
  ) {
    this.origin = `${keyring.gate}/audit/${logName}`;
  }

  /** A C2SP signed note over `text`. */
  sign(text: string): string {
    return signNote(text, this.origin, ...this.keyring.keysFor('checkpoint').map(({ privateKey }) => privateKey));
  }

  /** What an auditor keeps: with it and an earlier checkpoint a later export is verified without trusting this service. */
  verifierKey(): string {
    return verifierKey(this.origin, this.keyring.keyFor('checkpoint').privateKey);
  }
}
