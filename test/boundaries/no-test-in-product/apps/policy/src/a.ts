export { x } from '../../../test/support/x.js';
