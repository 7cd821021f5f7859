import { randomFillSync } from 'node:crypto';

// One system call for 256 ids: random bytes one id at a time cost more than everything else here.
const bytesPerId = 10;
const pool = Buffer.alloc(256 * bytesPerId);
let used = pool.length;

let lastMs = 0;
let counter = 0;

/**
 * A UUIDv7 (RFC 9562 section 5.7), greater than every id this process made before: the 12 bits after the time are a counter with a random start
 * (section 6.2, method 1) whose top bit starts at 0; when it overflows, the time runs ahead by a millisecond. The time is not a statement about when
 * anything happened: it only makes ids sort.
 */
export function newId(): string {
  if (used >= pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = pool.subarray(used, used + bytesPerId);
  used += bytesPerId;
  tick(random.readUInt16BE(8) & 0x7ff);
  return format(random);
}

function tick(start: number): void {
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    counter = start;
    return;
  }
  counter += 1;
  if (counter > 0xfff) {
    lastMs += 1;
    counter = start;
  }
}

function format(random: Buffer): string {
  const time = lastMs.toString(16).padStart(12, '0');
  const sequence = counter.toString(16).padStart(3, '0');
  // The variant bits `10` (RFC 9562 section 4.1) take the place of two random ones.
  const variant = ((random.readUInt16BE(0) & 0x3fff) | 0x8000).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${sequence}-${variant}-${random.toString('hex', 2, 8)}`;
}
