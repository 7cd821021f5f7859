export { x } from '../handlers/judge-actions.js';
