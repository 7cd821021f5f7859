export { x } from '../../../apps/policy/src/x.js';
