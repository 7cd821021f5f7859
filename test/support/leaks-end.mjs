export { end as default } from './leaks.mjs';
