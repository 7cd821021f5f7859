/** What the key is about to sign for: something that happens by it, or something that is kept from happening. */
export type KeyUse = 'change' | 'stop';

/** Whether a person's key still signs: the statement about it does not know that it was ended. */
export abstract class PersonKeys {
  /**
   * False for a key that its person, or their provider, has ended. Where that cannot be learnt now, nothing is changed (a retryable fault), and
   * what only stops is believed: nobody who is away holds up a stop.
   */
  abstract isLive(thumbprint: string, use: KeyUse): Promise<boolean>;
}
