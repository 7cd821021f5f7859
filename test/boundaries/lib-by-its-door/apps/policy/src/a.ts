export { x } from '../../../libs/database/src/inside.js';
