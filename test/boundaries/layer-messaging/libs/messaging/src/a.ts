export { x } from '../../trust/src/index.js';
