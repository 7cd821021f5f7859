/** Milliseconds; the p-th percentile of what was measured (nearest rank), 0 when nothing was. */
export function percentile(measured: readonly number[], p: number): number {
  const sorted = [...measured].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? 0;
}

export const round = (value: number, digits = 1): number => Number(value.toFixed(digits));

export interface Latencies {
  p50: number;
  p99: number;
}

export function latencies(measured: readonly number[]): Latencies {
  return { p50: round(percentile(measured, 50)), p99: round(percentile(measured, 99)) };
}
