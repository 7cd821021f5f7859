export { check } from 'fast-check';
