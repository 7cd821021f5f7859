export { x } from '../../sdk/src/index.js';
