export { commitment, LineHash, manifestText } from './export.js';
export { append, emptyFrontier, leafHash, rootOf, type Frontier } from './merkle.js';
export {
  formatCheckpoint,
  openNote,
  parseCheckpoint,
  parseVerifierKey,
  signNote,
  type Checkpoint,
  type NoteVerifier,
} from './note.js';
export { logOrigin, verifierKeysIn } from './verifier-keys.js';
