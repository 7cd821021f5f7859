/** The parts of `process` that are needed here. */
export interface SignalHost {
  on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  exit(code: number): void;
}

/** As shells report a process that a signal ended: 128 and the signal's number. */
const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * The first SIGINT or SIGTERM runs `stop` and then exits with 0, or with 1 when `stop` fails. A second one exits at once: whoever asks twice does not
 * want to wait for what is still running, and nothing that must not be lost depends on an orderly end.
 */
export function stopOnSignals(stop: (signal: string) => Promise<void>, host: SignalHost = process): void {
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    host.on(signal, () => {
      if (stopping) {
        host.exit(exitCodes[signal]);
        return;
      }
      stopping = true;
      void stop(signal).then(
        () => {
          host.exit(0);
        },
        () => {
          host.exit(1);
        },
      );
    });
  }
}
