/** Whether a caught value is an error object, also one from another realm (Node's own errors inside a test's sandbox), which `instanceof` does not know. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}
