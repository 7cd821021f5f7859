/** Where the gate's public keys stand; the export carries them as they are at that moment. */
export class TrustFilePath {
  constructor(readonly path: string) {}
}
