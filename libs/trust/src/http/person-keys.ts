/** What a service knows about the keys of people beyond what is stated about them. */
export abstract class PersonKeys {
  /** False for a key that its person has ended, by signing out. */
  abstract isLive(thumbprint: string): boolean | Promise<boolean>;
}

/** A service that keeps no list believes the statement, which ends by itself. */
export class StatedKeys extends PersonKeys {
  override isLive(): boolean {
    return true;
  }
}
