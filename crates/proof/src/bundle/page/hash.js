'use strict';
// Octets and their hashes: base64, hexadecimal digits, SHA-256 and SHA-512 (FIPS 180-4), HMAC (RFC 2104). A page that was opened from
// a disk may have no cryptography of the browser's, so this is all by itself.

const utf8 = (text) => new TextEncoder().encode(text);
const hexOf = (octets) => Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join('');

function fromHex(text, length) {
  if (typeof text !== 'string' || text.length !== 2 * length || !/^[0-9a-f]*$/.test(text)) return null;
  return Uint8Array.from({ length }, (_, at) => parseInt(text.slice(2 * at, 2 * at + 2), 16));
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Map(Array.from(LETTERS, (letter, value) => [letter.charCodeAt(0), value]));

function toBase64(octets) {
  let text = '';
  for (let at = 0; at < octets.length; at += 3) {
    const word = (octets[at] << 16) | ((octets[at + 1] ?? 0) << 8) | (octets[at + 2] ?? 0);
    text += LETTERS[word >> 18] + LETTERS[(word >> 12) & 63];
    text += (at + 1 < octets.length ? LETTERS[(word >> 6) & 63] : '=') + (at + 2 < octets.length ? LETTERS[word & 63] : '=');
  }
  return text;
}

// The one spelling of RFC 4648 section 4, padding and all; nothing for any other.
function fromBase64(text) {
  if (typeof text !== 'string' || text.length % 4 !== 0) return null;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const octets = new Uint8Array((text.length / 4) * 3 - padding);
  let word = 0;
  for (let at = 0; at < text.length; at += 1) {
    const value = at >= text.length - padding ? 0 : VALUES.get(text.charCodeAt(at));
    if (value === undefined) return null;
    word = ((word << 6) | value) & 0xffffff;
    if (at % 4 === 3) {
      const to = ((at - 3) / 4) * 3;
      for (let part = 0; part < 3; part += 1) {
        const octet = (word >> (16 - 8 * part)) & 0xff;
        if (to + part < octets.length) octets[to + part] = octet;
        else if (octet !== 0) return null;
      }
    }
  }
  return octets;
}

function joined(...parts) {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const same = (one, other) => one.length === other.length && one.every((octet, at) => octet === other[at]);

// The constants are the first bits of roots of primes, so they are computed and not copied.
function primes(count) {
  const found = [];
  for (let n = 2; found.length < count; n += 1) if (found.every((p) => n % p !== 0)) found.push(n);
  return found;
}

// The first 64 bits behind the point of the square or cube root of a prime.
function rootBits(prime, power) {
  const target = BigInt(prime) << BigInt(64 * power);
  let low = 0n;
  let high = BigInt(prime) << 64n;
  while (low < high) {
    const middle = (low + high + 1n) >> 1n;
    if (middle ** BigInt(power) <= target) low = middle;
    else high = middle - 1n;
  }
  return low & 0xffffffffffffffffn;
}

const PRIMES = primes(80);
const SQUARE = PRIMES.slice(0, 8).map((prime) => rootBits(prime, 2));
const CUBE = PRIMES.map((prime) => rootBits(prime, 3));
const upper = (bits) => Number(bits >> 32n) | 0;
const lower = (bits) => Number(bits & 0xffffffffn) | 0;

const START_256 = SQUARE.map(upper);
const ROUNDS_256 = Int32Array.from(CUBE.slice(0, 64), upper);
const START_512 = SQUARE.flatMap((bits) => [upper(bits), lower(bits)]);
const ROUNDS_512 = Int32Array.from(CUBE.flatMap((bits) => [upper(bits), lower(bits)]));

// The message with its end: a one, zeros, and its length in bits.
function padded(message, block, lengthOctets) {
  const length = Math.ceil((message.length + 1 + lengthOctets) / block) * block;
  const octets = new Uint8Array(length);
  octets.set(message);
  octets[message.length] = 0x80;
  const view = new DataView(octets.buffer);
  view.setUint32(length - 8, Math.floor(message.length / 0x20000000));
  view.setUint32(length - 4, (message.length * 8) >>> 0);
  return view;
}

function sha256(message) {
  const view = padded(message, 64, 8);
  const state = Int32Array.from(START_256);
  const w = new Int32Array(64);
  for (let block = 0; block < view.byteLength; block += 64) {
    for (let t = 0; t < 16; t += 1) w[t] = view.getInt32(block + 4 * t);
    for (let t = 16; t < 64; t += 1) {
      const x = w[t - 15];
      const y = w[t - 2];
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[t] = (w[t - 16] + s0 + w[t - 7] + s1) | 0;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let t = 0; t < 64; t += 1) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const one = (h + s1 + ((e & f) ^ (~e & g)) + ROUNDS_256[t] + w[t]) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + one) | 0;
      d = c;
      c = b;
      b = a;
      a = (one + two) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((word, at) => {
      state[at] = (state[at] + word) | 0;
    });
  }
  return wordsOut(state);
}

function wordsOut(state) {
  const out = new DataView(new ArrayBuffer(4 * state.length));
  state.forEach((word, at) => out.setInt32(4 * at, word));
  return new Uint8Array(out.buffer);
}

// Words of 64 bits are two of 32, the upper one first.
function sha512(message) {
  const view = padded(message, 128, 16);
  const state = Int32Array.from(START_512);
  const w = new Int32Array(160);
  // Of x = (hi, lo): turned right by n, for n below 32 and beyond, each half apart.
  const turn = (hi, lo, n) => (n < 32 ? (hi >>> n) | (lo << (32 - n)) : (lo >>> (n - 32)) | (hi << (64 - n)));
  let high = 0;
  let low = 0;
  const clear = () => {
    high = 0;
    low = 0;
  };
  // The lower half is counted as a number that holds the carry; five words stay far below 2^53.
  const add = (hi, lo) => {
    low += lo >>> 0;
    high = (high + hi) | 0;
  };
  const done = () => {
    high = (high + Math.floor(low / 0x100000000)) | 0;
    low |= 0;
  };
  for (let block = 0; block < view.byteLength; block += 128) {
    for (let t = 0; t < 32; t += 1) w[t] = view.getInt32(block + 4 * t);
    for (let t = 32; t < 160; t += 2) {
      const [xh, xl, yh, yl] = [w[t - 30], w[t - 29], w[t - 4], w[t - 3]];
      clear();
      add(turn(xh, xl, 1) ^ turn(xh, xl, 8) ^ (xh >>> 7), turn(xl, xh, 1) ^ turn(xl, xh, 8) ^ ((xl >>> 7) | (xh << 25)));
      add(turn(yh, yl, 19) ^ turn(yh, yl, 61) ^ (yh >>> 6), turn(yl, yh, 19) ^ turn(yl, yh, 61) ^ ((yl >>> 6) | (yh << 26)));
      add(w[t - 32], w[t - 31]);
      add(w[t - 14], w[t - 13]);
      done();
      w[t] = high;
      w[t + 1] = low;
    }
    const s = Array.from(state);
    for (let t = 0; t < 160; t += 2) {
      const [ah, al, bh, bl, ch, cl, dh, dl, eh, el, fh, fl, gh, gl, hh, hl] = s;
      clear();
      add(hh, hl);
      add(turn(eh, el, 14) ^ turn(eh, el, 18) ^ turn(eh, el, 41), turn(el, eh, 14) ^ turn(el, eh, 18) ^ turn(el, eh, 41));
      add((eh & fh) ^ (~eh & gh), (el & fl) ^ (~el & gl));
      add(ROUNDS_512[t], ROUNDS_512[t + 1]);
      add(w[t], w[t + 1]);
      done();
      const [oneHigh, oneLow] = [high, low];
      clear();
      add(dh, dl);
      add(oneHigh, oneLow);
      done();
      const [newEh, newEl] = [high, low];
      clear();
      add(oneHigh, oneLow);
      add(turn(ah, al, 28) ^ turn(ah, al, 34) ^ turn(ah, al, 39), turn(al, ah, 28) ^ turn(al, ah, 34) ^ turn(al, ah, 39));
      add((ah & bh) ^ (ah & ch) ^ (bh & ch), (al & bl) ^ (al & cl) ^ (bl & cl));
      done();
      s.splice(0, 16, high, low, ah, al, bh, bl, ch, cl, newEh, newEl, eh, el, fh, fl, gh, gl);
    }
    for (let at = 0; at < 16; at += 2) {
      clear();
      add(state[at], state[at + 1]);
      add(s[at], s[at + 1]);
      done();
      state[at] = high;
      state[at + 1] = low;
    }
  }
  return wordsOut(state);
}

function hmac256(key, message) {
  const block = new Uint8Array(64);
  block.set(key.length > 64 ? sha256(key) : key);
  const inner = sha256(joined(block.map((octet) => octet ^ 0x36), message));
  return sha256(joined(block.map((octet) => octet ^ 0x5c), inner));
}

