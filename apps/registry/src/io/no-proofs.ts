import { JtiStore } from '#trust/http';

/** The registry has no door for proofs: should one ever be asked for, every proof counts as used. */
export class NoProofs extends JtiStore {
  override remember(): Promise<boolean> {
    return Promise.resolve(false);
  }
}
