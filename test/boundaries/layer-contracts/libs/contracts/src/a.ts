export { x } from '../../platform/src/index.js';
