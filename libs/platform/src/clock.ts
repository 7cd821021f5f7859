/** The process's wall clock: for `iat` of signatures and for log lines only. Every decision about time uses the database's clock. */
export class Clock {
  now(): Date {
    return new Date();
  }
}
