/**
 * The two encodings of an ECDSA signature over P-256: `r || s` as JOSE has it (RFC 7518 section 3.4), and DER as OpenSSL
 * works with. Node converts too (`dsaEncoding`), but its option object doubles the time of signing and adds a third to
 * that of verifying (measured on Node 24), and signatures are the largest part of what an action costs.
 */
const integerBytes = 32;

/** @param signature exactly 64 bytes */
export function toDer(signature: Uint8Array): Buffer {
  const [r, s] = [integer(signature.subarray(0, integerBytes)), integer(signature.subarray(integerBytes))];
  return Buffer.concat([Buffer.from([0x30, r.length + s.length]), r, s]);
}

/** @param der what OpenSSL itself has written: minimal, and every length below 128 */
export function fromDer(der: Uint8Array): Buffer {
  const signature = Buffer.alloc(2 * integerBytes);
  let at = 2;
  for (const end of [integerBytes, 2 * integerBytes]) {
    const length = der[at + 1] ?? 0;
    const digits = der.subarray(at + 2, at + 2 + length);
    const value = digits.length > integerBytes ? digits.subarray(digits.length - integerBytes) : digits;
    signature.set(value, end - value.length);
    at += 2 + length;
  }
  return signature;
}

/** A DER INTEGER (X.690 section 8.3): no needless zero in front, and one where the first bit would make it negative. */
function integer(bytes: Uint8Array): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const digits = bytes.subarray(start);
  const isNegative = (digits[0] ?? 0) >= 0x80;
  return Buffer.concat([Buffer.from(isNegative ? [0x02, digits.length + 1, 0] : [0x02, digits.length]), digits]);
}
