export { x } from '../policy.controller.js';
