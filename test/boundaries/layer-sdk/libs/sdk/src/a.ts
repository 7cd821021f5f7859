export { x } from '../../database/src/index.js';
