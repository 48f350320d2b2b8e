// Checking Ed25519 signatures (RFC 8032), strictly: one signature has one spelling, and points of small order are refused. Nothing
// here is secret, so nothing has to take the same time.

const P = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (n) => ((n % P) + P) % P;

function power(base, exponent) {
  let result = 1n;
  for (let square = mod(base), rest = exponent; rest > 0n; rest >>= 1n, square = mod(square * square)) {
    if (rest & 1n) result = mod(result * square);
  }
  return result;
}

const inverse = (n) => power(n, P - 2n);
const D = mod(-121665n * inverse(121666n));
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n);

const littleEndian = (octets) => octets.reduceRight((n, octet) => (n << 8n) | BigInt(octet), 0n);

// A point as X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z.
const ZERO = [0n, 1n, 1n, 0n];

function plus([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2));
  const b = mod((y1 + x1) * (y2 + x2));
  const c = mod(2n * t1 * D * t2);
  const d = mod(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function times(point, n) {
  let result = ZERO;
  for (let doubled = point, rest = n; rest > 0n; rest >>= 1n, doubled = plus(doubled, doubled)) {
    if (rest & 1n) result = plus(result, doubled);
  }
  return result;
}

// The x coordinate of that sign for this y; nothing where no point has it.
function xOf(y, odd) {
  const [u, v] = [mod(y * y - 1n), mod(D * y * y + 1n)];
  let x = mod(u * power(v, 3n) * power(u * power(v, 7n), (P - 5n) / 8n));
  const check = mod(v * x * x);
  if (check === mod(-u)) x = mod(x * ROOT_OF_MINUS_ONE);
  else if (check !== u) return null;
  if (x === 0n && odd) return null;
  return (x & 1n) === (odd ? 1n : 0n) ? x : mod(-x);
}

function pointFrom(octets) {
  const n = littleEndian(octets);
  const y = n & (2n ** 255n - 1n);
  const x = y < P ? xOf(y, n >> 255n === 1n) : null;
  return x === null ? null : [x, y, 1n, mod(x * y)];
}

function pointOut([x, y, z]) {
  const scale = inverse(z);
  let n = mod(y * scale) | ((mod(x * scale) & 1n) << 255n);
  return Uint8Array.from({ length: 32 }, () => {
    const octet = Number(n & 255n);
    n >>= 8n;
    return octet;
  });
}

const BASE_Y = mod(4n * inverse(5n));
const BASE_X = xOf(BASE_Y, false);
const BASE = [BASE_X, BASE_Y, 1n, mod(BASE_X * BASE_Y)];

function isSmall(point) {
  const [x, y, z] = times(point, 8n);
  return x === 0n && y === z;
}

function signed(key, message, signature) {
  if (key.length !== 32 || signature.length !== 64) return false;
  const [r, s] = [signature.slice(0, 32), littleEndian(signature.slice(32))];
  const [a, place] = [pointFrom(key), pointFrom(r)];
  if (s >= ORDER || a === null || place === null || isSmall(a) || isSmall(place)) return false;
  const k = littleEndian(sha512(joined(r, key, message))) % ORDER;
  const [x, y, z, t] = a;
  const found = plus(times(BASE, s), times([mod(-x), y, z, mod(-t)], k));
  return same(pointOut(found), r);
}

