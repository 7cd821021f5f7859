import type { ChangeWindow } from '#contracts';

export interface OpenWindow {
  id: string;
  opensAt: Date;
  closesAt: Date;
}

const dayMs = 86_400_000;
/** The longest weekly window is seven days, so one that is open now began at most so many calendar days ago. */
const daysBack = 8;

/**
 * The window that is open at this instant; of several the one that stays open longest. The last instant is outside. Weekly windows begin at a
 * wall-clock time of their zone (weekday 0 is Sunday) and last real minutes: where the clock jumps over the beginning it begins
 * after the jump, where it runs twice it begins the first time.
 */
export function openWindow(windows: readonly ChangeWindow[], now: Date): OpenWindow | undefined {
  const open = windows.flatMap((window) => spansOf(window, now)).filter((span) => contains(span, now));
  return open.sort((a, b) => b.closesAt.getTime() - a.closesAt.getTime() || (a.id < b.id ? -1 : 1))[0];
}

function contains({ opensAt, closesAt }: OpenWindow, now: Date): boolean {
  return opensAt <= now && now < closesAt;
}

function spansOf(window: ChangeWindow, now: Date): OpenWindow[] {
  if (window.kind === 'once')
    return [{ id: window.id, opensAt: new Date(window.from), closesAt: new Date(window.until) }];
  const clock = clockOf(window.time_zone);
  if (clock === undefined) return [];
  const today = clock(now.getTime());
  const [hour = 0, minute = 0] = window.from.split(':').map(Number);
  const spans: OpenWindow[] = [];
  for (let back = -1; back <= daysBack; back += 1) {
    const midnight = Date.UTC(today.year, today.month - 1, today.day) - back * dayMs;
    if (new Date(midnight).getUTCDay() !== window.weekday) continue;
    const opensAt = instantOf(midnight + (hour * 60 + minute) * 60_000, clock);
    spans.push({ id: window.id, opensAt: new Date(opensAt), closesAt: new Date(opensAt + window.minutes * 60_000) });
  }
  return spans;
}

interface WallClock {
  year: number;
  month: number;
  day: number;
  /** The wall clock read as if it were UTC. */
  asUtc: number;
}
type Clock = (instant: number) => WallClock;

const clocks = new Map<string, Clock | undefined>();

/** Undefined for a zone that does not exist: its windows never open. */
function clockOf(zone: string): Clock | undefined {
  if (!clocks.has(zone)) clocks.set(zone, makeClock(zone));
  return clocks.get(zone);
}

function makeClock(zone: string): Clock | undefined {
  const format = formatOf(zone);
  if (format === undefined) return undefined;
  return (instant) => {
    const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
    const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
    const [year, month, day] = [part('year'), part('month'), part('day')];
    const asUtc = Date.UTC(year, month - 1, day, part('hour'), part('minute'), part('second'));
    return { year, month, day, asUtc };
  };
}

function formatOf(zone: string): Intl.DateTimeFormat | undefined {
  const numeric = 'numeric' as const;
  const fields = { year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric };
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone, calendar: 'gregory', hourCycle: 'h23', ...fields });
  } catch {
    return undefined;
  }
}

/** The instant at which the clock shows this wall-clock time. */
function instantOf(wall: number, clock: Clock): number {
  // The zone's offsets around that day: no zone changes twice within two days.
  const offsets = [wall - dayMs, wall + dayMs].map((near) => clock(near).asUtc - near);
  const candidates = offsets.map((offset) => wall - offset);
  const shown = candidates.filter((instant) => clock(instant).asUtc === wall);
  return shown.length > 0 ? Math.min(...shown) : Math.max(...candidates);
}
