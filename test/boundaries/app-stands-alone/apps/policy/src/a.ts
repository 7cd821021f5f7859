export { x } from '../../intake/src/x.js';
