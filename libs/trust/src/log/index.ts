export { commitment, LineHash, manifestText } from './export.js';
export { append, emptyFrontier, leafHash, rootOf, type Frontier } from './merkle.js';
export {
  formatCheckpoint,
  openNote,
  parseCheckpoint,
  parseVerifierKey,
  signNote,
  verifierKey,
  type Checkpoint,
  type NoteVerifier,
} from './note.js';
