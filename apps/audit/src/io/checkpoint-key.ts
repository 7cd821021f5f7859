import { signNote, verifierKey, type Keyring } from '#trust';

/** Signs checkpoints and export manifests. The origin names this incarnation of the log; a restored log gets a new one. */
export class CheckpointKey {
  readonly origin: string;
  readonly #key;

  constructor(keyring: Keyring, logName: string) {
    this.origin = `${keyring.gate}/audit/${logName}`;
    this.#key = keyring.keyFor('checkpoint').privateKey;
  }

  /** A C2SP signed note over `text`. */
  sign(text: string): string {
    return signNote(text, this.origin, this.#key);
  }

  /** What an auditor keeps: with it and an earlier checkpoint a later export is verified without trusting this service. */
  verifierKey(): string {
    return verifierKey(this.origin, this.#key);
  }
}
