import { logOrigin, signNote, type Keyring } from '#trust';

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
    this.origin = logOrigin(keyring.gate, logName);
  }

  /** A C2SP signed note over `text`. */
  sign(text: string): string {
    return signNote(text, this.origin, ...this.keyring.keysFor('checkpoint').map(({ privateKey }) => privateKey));
  }
}
