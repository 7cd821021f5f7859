export { x } from '../../messaging/src/index.js';
