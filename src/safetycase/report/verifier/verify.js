/* Checks a bundle of a safety case's record, offline: in a page, or as `node verify.js FILE`.
 *
 * Written from docs/reference/record.md and docs/reference/bundle.md, not from the other
 * verifier, so that a mistake in one of the two shows as a difference. It needs nothing but
 * the language: no library, no network, no build. Ed25519 of the platform is used where there
 * is one, after the checks that it leaves out; the own one gives the same answers, slower.
 */
(function () {
"use strict";

// ---------------------------------------------------------------- bytes

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return whole;
}

function same(a, b) {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function unhex(text) {
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.substr(2 * i, 2), 16));
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const SEXTET = new Map(Array.from(ALPHABET, (letter, value) => [letter, value]));

function base64(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const three = (bytes[i] << 16) | ((bytes[i + 1] || 0) << 8) | (bytes[i + 2] || 0);
    const left = bytes.length - i;
    text += ALPHABET[three >> 18] + ALPHABET[(three >> 12) & 63];
    text += left > 1 ? ALPHABET[(three >> 6) & 63] : "=";
    text += left > 2 ? ALPHABET[three & 63] : "=";
  }
  return text;
}

/* The bytes of standard base64 in its one spelling; null for anything else. */
function unbase64(text) {
  if (typeof text !== "string" || text.length % 4 !== 0) return null;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let bits = 0, held = 0, at = 0;
  for (let i = 0; i < text.length - padding; i++) {
    const value = SEXTET.get(text[i]);
    if (value === undefined) return null;
    bits = ((bits << 6) | value) & 0xffffff;
    held += 6;
    if (held >= 8) { held -= 8; bytes[at++] = (bits >> held) & 255; }
  }
  return base64(bytes) === text ? bytes : null;
}

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n >>> 0;
});

function crc32(bytes, crc) {
  crc = ~crc;
  for (let i = 0; i < bytes.length; i++) crc = CRC[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

// ---------------------------------------------------------------- SHA-2 (FIPS 180-4)

/* The constants are the fractions of roots of the first primes: computed, so that none is mistyped. */
function root(degree, value) {
  let low = 0n, high = 1n << 80n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** degree <= value) low = middle; else high = middle;
  }
  return low;
}

const PRIMES = [];
for (let n = 2n; PRIMES.length < 80; n++) if (PRIMES.every((prime) => n % prime !== 0n)) PRIMES.push(n);
const CUBE = PRIMES.map((prime) => BigInt.asUintN(64, root(3n, prime << 192n)));
const SQUARE = PRIMES.slice(0, 8).map((prime) => BigInt.asUintN(64, root(2n, prime << 128n)));
const top = (value) => Number(value >> 32n), low32 = (value) => Number(value & 0xffffffffn);
const K256 = Uint32Array.from(CUBE.slice(0, 64), top);
const K512 = [Int32Array.from(CUBE, (k) => top(k) | 0), Int32Array.from(CUBE, (k) => low32(k) | 0)];

class Sha256 {
  constructor() {
    this.state = Uint32Array.from(SQUARE, top);
    this.block = new Uint8Array(64);
    this.words = new Uint32Array(64);
    this.held = 0;
    this.length = 0;
  }

  update(bytes) {
    this.length += bytes.length;
    let at = 0;
    if (this.held) {
      at = Math.min(64 - this.held, bytes.length);
      this.block.set(bytes.subarray(0, at), this.held);
      this.held += at;
      if (this.held < 64) return this;
      this.take(this.block, 0);
    }
    for (; at + 64 <= bytes.length; at += 64) this.take(bytes, at);
    this.block.set(bytes.subarray(at), 0);
    this.held = bytes.length - at;
    return this;
  }

  digest() {
    const padded = new Uint8Array(this.held < 56 ? 64 : 128);
    padded.set(this.block.subarray(0, this.held));
    padded[this.held] = 0x80;
    new DataView(padded.buffer).setBigUint64(padded.length - 8, BigInt(this.length) * 8n);
    for (let at = 0; at < padded.length; at += 64) this.take(padded, at);
    const out = new DataView(new ArrayBuffer(32));
    this.state.forEach((word, i) => out.setUint32(4 * i, word));
    return new Uint8Array(out.buffer);
  }

  take(bytes, at) {
    const w = this.words;
    for (let i = 0; i < 16; i++, at += 4) {
      w[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    }
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15], y = w[i - 2];
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    let [a, b, c, d, e, f, g, h] = this.state;
    for (let i = 0; i < 64; i++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K256[i] + w[i]) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => { this.state[i] += word; });
  }
}

function sha256(...parts) {
  const sum = new Sha256();
  for (const part of parts) sum.update(part);
  return sum.digest();
}

/* Words of 64 bits as a high and a low half: numbers hold 53 bits, and BigInt is slow here. */
function sha512(message) {
  const padded = new Uint8Array((message.length + 17 + 127) & ~127);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, BigInt(message.length) * 8n);
  const stateH = Int32Array.from(SQUARE, (k) => top(k) | 0);
  const stateL = Int32Array.from(SQUARE, (k) => low32(k) | 0);
  const wh = new Int32Array(80), wl = new Int32Array(80);
  const [kh, kl] = K512;
  const v = new Int32Array(16); // a..h, high and low in turn
  for (let at = 0; at < padded.length; at += 128) {
    for (let i = 0; i < 16; i++) { wh[i] = view.getInt32(at + 8 * i); wl[i] = view.getInt32(at + 8 * i + 4); }
    for (let i = 16; i < 80; i++) {
      let h = wh[i - 15], l = wl[i - 15];
      const s0h = ((h >>> 1) | (l << 31)) ^ ((h >>> 8) | (l << 24)) ^ (h >>> 7);
      const s0l = ((l >>> 1) | (h << 31)) ^ ((l >>> 8) | (h << 24)) ^ ((l >>> 7) | (h << 25));
      h = wh[i - 2]; l = wl[i - 2];
      const s1h = ((h >>> 19) | (l << 13)) ^ ((l >>> 29) | (h << 3)) ^ (h >>> 6);
      const s1l = ((l >>> 19) | (h << 13)) ^ ((h >>> 29) | (l << 3)) ^ ((l >>> 6) | (h << 26));
      const low = (wl[i - 16] >>> 0) + (s0l >>> 0) + (wl[i - 7] >>> 0) + (s1l >>> 0);
      wl[i] = low | 0;
      wh[i] = (wh[i - 16] + s0h + wh[i - 7] + s1h + Math.floor(low / 0x100000000)) | 0;
    }
    for (let i = 0; i < 8; i++) { v[2 * i] = stateH[i]; v[2 * i + 1] = stateL[i]; }
    for (let i = 0; i < 80; i++) {
      const eh = v[8], el = v[9], ah = v[0], al = v[1];
      const s1h = ((eh >>> 14) | (el << 18)) ^ ((eh >>> 18) | (el << 14)) ^ ((el >>> 9) | (eh << 23));
      const s1l = ((el >>> 14) | (eh << 18)) ^ ((el >>> 18) | (eh << 14)) ^ ((eh >>> 9) | (el << 23));
      const chh = (eh & v[10]) ^ (~eh & v[12]), chl = (el & v[11]) ^ (~el & v[13]);
      const t1 = (v[15] >>> 0) + (s1l >>> 0) + (chl >>> 0) + (kl[i] >>> 0) + (wl[i] >>> 0);
      const t1h = (v[14] + s1h + chh + kh[i] + wh[i] + Math.floor(t1 / 0x100000000)) | 0;
      const s0h = ((ah >>> 28) | (al << 4)) ^ ((al >>> 2) | (ah << 30)) ^ ((al >>> 7) | (ah << 25));
      const s0l = ((al >>> 28) | (ah << 4)) ^ ((ah >>> 2) | (al << 30)) ^ ((ah >>> 7) | (al << 25));
      const majh = (ah & v[2]) ^ (ah & v[4]) ^ (v[2] & v[4]), majl = (al & v[3]) ^ (al & v[5]) ^ (v[3] & v[5]);
      const t2 = (s0l >>> 0) + (majl >>> 0);
      const t2h = (s0h + majh + Math.floor(t2 / 0x100000000)) | 0;
      v.copyWithin(2, 0, 14);
      const e = (v[9] >>> 0) + (t1 >>> 0);
      v[8] = (v[8] + t1h + Math.floor(e / 0x100000000)) | 0;
      v[9] = e | 0;
      const a = (t1 >>> 0) + (t2 >>> 0);
      v[0] = (t1h + t2h + Math.floor(a / 0x100000000)) | 0;
      v[1] = a | 0;
    }
    for (let i = 0; i < 8; i++) {
      const low = (stateL[i] >>> 0) + (v[2 * i + 1] >>> 0);
      stateH[i] = (stateH[i] + v[2 * i] + Math.floor(low / 0x100000000)) | 0;
      stateL[i] = low | 0;
    }
  }
  const out = new DataView(new ArrayBuffer(64));
  for (let i = 0; i < 8; i++) { out.setInt32(8 * i, stateH[i]); out.setInt32(8 * i + 4, stateL[i]); }
  return new Uint8Array(out.buffer);
}

// ---------------------------------------------------------------- Ed25519 (RFC 8032, section 5.1)

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (value) => { const rest = value % P; return rest < 0n ? rest + P : rest; };

function power(base, exponent) {
  let result = 1n;
  for (base = mod(base); exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = mod(result * base);
    base = mod(base * base);
  }
  return result;
}

const D = mod(-121665n * power(121666n, P - 2n));
const SQRT_MINUS_1 = power(2n, (P - 1n) / 4n);
const ZERO = [0n, 1n, 1n, 0n]; // extended homogeneous coordinates: x = X/Z, y = Y/Z, xy = T/Z

function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2)), b = mod((y1 + x1) * (y2 + x2));
  const c = mod(2n * D * mod(t1 * t2)), d = mod(2n * z1 * z2);
  const e = b - a, f = d - c, g = d + c, h = b + a;
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function double([x, y, z]) {
  const a = mod(x * x), b = mod(y * y), c = mod(2n * z * z);
  const h = a + b, e = h - mod((x + y) * (x + y)), g = a - b, f = c + g;
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

const negative = ([x, y, z, t]) => [mod(-x), y, z, mod(-t)];

function little(bytes) {
  return BigInt("0x" + hex(Uint8Array.from(bytes).reverse()));
}

function encode([x, y, z]) {
  const inverse = power(z, P - 2n);
  const value = mod(y * inverse) | ((mod(x * inverse) & 1n) << 255n);
  return unhex(value.toString(16).padStart(64, "0")).reverse();
}

/* The point that 32 bytes name in the one spelling; null if they name none. */
function decode(bytes) {
  if (bytes.length !== 32) return null;
  const value = little(bytes);
  const sign = value >> 255n, y = value & (2n ** 255n - 1n);
  if (y >= P) return null;
  const u = mod(y * y - 1n), v = mod(D * y * y + 1n);
  let x = mod(u * power(v, 3n) * power(u * power(v, 7n), (P - 5n) / 8n));
  if (mod(v * x * x) !== u) x = mod(x * SQRT_MINUS_1);
  if (mod(v * x * x) !== u || (x === 0n && sign === 1n)) return null;
  if ((x & 1n) !== sign) x = mod(-x);
  return [x, y, 1n, mod(x * y)];
}

const BASE = decode(unhex("58" + "66".repeat(31)));

/* A key that a record may introduce: a point in its one spelling that is not of small order. */
function keyPoint(bytes) {
  const point = decode(bytes);
  if (point === null) return null;
  const [x, y, z] = double(double(double(point)));
  return x === 0n && y === z ? null : point;
}

function verifiesHere(point, publicKey, signature, message) {
  const s = little(signature.subarray(32));
  if (s >= L) return false;
  const k = little(sha512(concat(signature.subarray(0, 32), publicKey, message))) % L;
  const minus = negative(point);
  const table = [ZERO, BASE, minus, add(BASE, minus)];
  let sum = ZERO;
  for (let i = 252n; i >= 0n; i--) {
    sum = double(sum);
    const which = Number(((s >> i) & 1n) | (((k >> i) & 1n) << 1n));
    if (which) sum = add(sum, table[which]);
  }
  return same(encode(sum), signature.subarray(0, 32));
}

/* The platform's Ed25519, if it has one and it passes test 2 of RFC 8032, section 7.1. */
let platform;
function platformEd25519() {
  platform ??= (async () => {
    try {
      const subtle = globalThis.crypto.subtle;
      const key = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
      const signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
      const handle = await subtle.importKey("raw", unhex(key), { name: "Ed25519" }, false, ["verify"]);
      const good = await subtle.verify("Ed25519", handle, unhex(signature), Uint8Array.of(0x72));
      const bad = await subtle.verify("Ed25519", handle, unhex(signature), Uint8Array.of(0x73));
      return good && !bad ? subtle : null;
    } catch {
      return null;
    }
  })();
  return platform;
}

/* A function (signature, message) -> does it verify; null for bytes that are no usable key. */
async function ed25519(publicKey, own) {
  const point = keyPoint(publicKey);
  if (point === null) return null;
  const subtle = own ? null : await platformEd25519();
  const handle = subtle && (await subtle.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]));
  return async (signature, message) => {
    if (signature.length !== 64 || little(signature.subarray(32)) >= L) return false;
    if (handle) return subtle.verify("Ed25519", handle, signature, message);
    return verifiesHere(point, publicKey, signature, message);
  };
}

// ---------------------------------------------------------------- canonical JSON

class Refused extends Error {}

const DEEPEST = 64;
const ESCAPES = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
const SHORT = { '"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/* Mappings become Map (a key may be `__proto__`), whole numbers BigInt (they have 64 bits). */
function parseJson(text) {
  let at = 0;
  const fail = (why) => { throw new Refused(`${why} at character ${at}`); };
  const value = (depth) => {
    const letter = text[at];
    if (letter === "{" || letter === "[") {
      if (depth === DEEPEST) fail(`nested deeper than ${DEEPEST}`);
      return letter === "{" ? mapping(depth + 1) : list(depth + 1);
    }
    if (letter === '"') return string();
    for (const [word, meaning] of [["true", true], ["false", false], ["null", null]]) {
      if (text.startsWith(word, at)) { at += word.length; return meaning; }
    }
    return number();
  };
  const number = () => {
    const found = /-?(?:0|[1-9][0-9]*)/y;
    found.lastIndex = at;
    const match = found.exec(text);
    if (match === null) fail("no value");
    at += match[0].length;
    if (match[0].length > 20) fail("a number of more than 64 bits");
    const whole = BigInt(match[0]);
    if (whole < -(2n ** 63n) || whole >= 2n ** 64n) fail("a number of more than 64 bits");
    return whole;
  };
  const string = () => {
    let out = "";
    for (at++; text[at] !== '"'; at++) {
      const letter = text[at];
      if (letter === undefined || letter < " ") fail("a text that does not end");
      if (letter !== "\\") { out += letter; continue; }
      at++;
      if (text[at] === "u") {
        const code = text.slice(at + 1, at + 5);
        if (!/^[0-9a-fA-F]{4}$/.test(code)) fail("a wrong escape");
        out += String.fromCharCode(parseInt(code, 16));
        at += 4;
      } else {
        if (!Object.hasOwn(ESCAPES, text[at] ?? "")) fail("a wrong escape");
        out += ESCAPES[text[at]];
      }
    }
    at++;
    return out;
  };
  const list = (depth) => {
    const out = [];
    at++;
    if (text[at] === "]") { at++; return out; }
    for (;;) {
      out.push(value(depth));
      if (text[at] === "]") { at++; return out; }
      if (text[at] !== ",") fail("a list that does not go on");
      at++;
    }
  };
  const mapping = (depth) => {
    const out = new Map();
    at++;
    if (text[at] === "}") { at++; return out; }
    for (;;) {
      if (text[at] !== '"') fail("a key that is no text");
      const key = string();
      if (out.has(key)) fail(`the key ${JSON.stringify(key)} twice`);
      if (text[at] !== ":") fail("a key without a value");
      at++;
      out.set(key, value(depth));
      if (text[at] === "}") { at++; return out; }
      if (text[at] !== ",") fail("a mapping that does not go on");
      at++;
    }
  };
  const whole = value(0);
  if (at !== text.length) fail("more than one value");
  return whole;
}

function byCodePoint(a, b) {
  const left = Array.from(a), right = Array.from(b);
  for (let i = 0; i < left.length && i < right.length; i++) {
    const difference = left[i].codePointAt(0) - right[i].codePointAt(0);
    if (difference) return difference;
  }
  return left.length - right.length;
}

function printText(text) {
  return '"' + text.replace(/["\\\u0000-\u001f]/g, (letter) =>
    SHORT[letter] ?? "\\u" + letter.charCodeAt(0).toString(16).padStart(4, "0")) + '"';
}

function printJson(value) {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "string") return printText(value);
  if (Array.isArray(value)) return "[" + value.map(printJson).join(",") + "]";
  const keys = Array.from(value.keys());
  // only beyond the first plane do UTF-16 units, which sort() compares, stand in another order
  if (keys.some((key) => /[\ud800-\udfff]/.test(key))) keys.sort(byCodePoint); else keys.sort();
  return "{" + keys.map((key) => printText(key) + ":" + printJson(value.get(key))).join(",") + "}";
}

/* The value in bytes that are canonical JSON. Throws `Refused` for every other spelling. */
function canonical(bytes) {
  let text;
  try { text = strictUtf8.decode(bytes); } catch { throw new Refused("not UTF-8"); }
  const value = parseJson(text);
  if (printJson(value) !== text) throw new Refused("not in the one spelling of canonical JSON");
  return value;
}

const isMap = (value) => value instanceof Map;
const isText = (value) => typeof value === "string" && value !== "";
const isWhole = (value) => typeof value === "bigint";
const isDigest = (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
const hasKeys = (value, ...keys) => isMap(value) && value.size === keys.length && keys.every((k) => value.has(k));

function isInstant(value) {
  const match = typeof value === "string" && /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z$/.exec(value);
  if (!match) return false;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return year > 0 && days !== undefined && day > 0 && day <= days && hour < 24 && minute < 60 && second < 60;
}

// ---------------------------------------------------------------- Merkle tree (RFC 9162, section 2.1)

const leafHash = (digest) => sha256(Uint8Array.of(0), digest);
const nodeHash = (left, right) => sha256(Uint8Array.of(1), left, right);

/* A growing tree: the roots of the full subtrees, from the largest to the smallest. */
class Tree {
  constructor() { this.size = 0; this.peaks = []; }

  add(leaf) {
    for (let n = this.size++; n & 1; n >>>= 1) leaf = nodeHash(this.peaks.pop(), leaf);
    this.peaks.push(leaf);
  }

  root() {
    return this.peaks.length ? this.peaks.reduceRight((right, left) => nodeHash(left, right)) : sha256();
  }
}

const half = (n) => Math.floor(n / 2); // sizes can exceed 32 bits, so no shifts

/* The root that a path from leaf `index` of `size` leads to; null if it has the wrong length. */
function rootByInclusion(leaf, index, size, path) {
  let fn = index, sn = size - 1, r = leaf;
  for (const p of path) {
    if (sn === 0) return null;
    if (fn % 2 === 1 || fn === sn) {
      r = nodeHash(p, r);
      if (fn % 2 === 0) while (fn % 2 === 0 && fn !== 0) { fn = half(fn); sn = half(sn); }
    } else {
      r = nodeHash(r, p);
    }
    fn = half(fn); sn = half(sn);
  }
  return sn === 0 ? r : null;
}

function consistent(first, second, firstRoot, secondRoot, path) {
  if (first < 1 || first > second) return false;
  if (first === second) return path.length === 0 && same(firstRoot, secondRoot);
  if (path.length === 0) return false;
  const power2 = Math.log2(first) % 1 === 0 && 2 ** Math.round(Math.log2(first)) === first;
  const steps = power2 ? [firstRoot, ...path] : path.slice();
  let fn = first - 1, sn = second - 1;
  while (fn % 2 === 1) { fn = half(fn); sn = half(sn); }
  let fr = steps[0], sr = steps[0];
  for (const c of steps.slice(1)) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      fr = nodeHash(c, fr);
      sr = nodeHash(c, sr);
      if (fn % 2 === 0) while (fn % 2 === 0 && fn !== 0) { fn = half(fn); sn = half(sn); }
    } else {
      sr = nodeHash(sr, c);
    }
    fn = half(fn); sn = half(sn);
  }
  return sn === 0 && same(fr, firstRoot) && same(sr, secondRoot);
}

// ---------------------------------------------------------------- the container

const MOST_MEMBERS = 65000, LARGEST = 4e9, CHUNK = 1 << 20;
const CAPS = [
  [/^bundle\.json$/, 2 ** 26],
  [/^proofs\.json$/, 2 ** 26],
  [/^log\.jsonl$/, 2 ** 30],
  [/^checkpoints\/[1-9][0-9]{0,15}\.txt$/, 2 ** 16],
  [/^torn-[1-9][0-9]{0,5}\.bin$/, 2 ** 26],
  [/^objects\/([0-9a-f]{2})\/\1[0-9a-f]{62}$/, 2 ** 31],
  [/^case(\/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){1,8}\.ya?ml$/, 2 ** 22],
];

function capOf(name) {
  const found = CAPS.find(([pattern]) => pattern.test(name));
  return found ? found[1] : null;
}

function fields(...pairs) {
  const view = new DataView(new ArrayBuffer(pairs.reduce((n, [width]) => n + width, 0)));
  let at = 0;
  for (const [width, value] of pairs) {
    if (width === 2) view.setUint16(at, value, true); else view.setUint32(at, value, true);
    at += width;
  }
  return new Uint8Array(view.buffer);
}

/* Both headers of a member, which are fixed but for these four fields. */
function headers(name, size, crc, offset) {
  const raw = utf8.encode(name);
  const shared = [[2, 10], [2, 0], [2, 0], [2, 0], [2, 0x21], [4, crc], [4, size], [4, size], [2, raw.length], [2, 0]];
  return {
    local: concat(fields([4, 0x04034b50], ...shared), raw),
    central: concat(fields([4, 0x02014b50], [2, 10], ...shared, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]), raw),
  };
}

function ending(count, length, start) {
  return fields([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, length], [4, start], [2, 0]);
}

/* The members of a bundle, every byte of every header compared. Throws `Refused`. */
async function membersOf(source) {
  if (source.size > LARGEST) throw new Refused(`is larger than ${LARGEST} bytes`);
  if (source.size < 22) throw new Refused("is no bundle: it is too short");
  const tail = await source.read(source.size - 22, 22);
  const view = new DataView(tail.buffer, tail.byteOffset, 22);
  const count = view.getUint16(10, true), length = view.getUint32(12, true), start = view.getUint32(16, true);
  if (!same(tail, ending(count, length, start))) throw new Refused("is no bundle: it does not end as one");
  if (count < 1 || count > MOST_MEMBERS || start + length + 22 !== source.size) {
    throw new Refused("does not hold the files that its end states");
  }
  const directory = await source.read(start, length);
  const entries = new DataView(directory.buffer, directory.byteOffset, directory.length);
  const members = new Map(), folded = new Set();
  let at = 0, offset = 0, before = "";
  for (let n = 0; n < count; n++) {
    if (at + 46 > length) throw new Refused("has a list of files that breaks off");
    const crc = entries.getUint32(at + 16, true), size = entries.getUint32(at + 24, true);
    const raw = directory.subarray(at + 46, at + 46 + entries.getUint16(at + 28, true));
    const name = Array.from(raw, (byte) => String.fromCharCode(byte)).join("");
    const cap = capOf(name);
    if (cap === null) throw new Refused(`holds ${JSON.stringify(name)}, which no bundle holds`);
    if (size > cap) throw new Refused(`states ${size} bytes for ${name}: more than a bundle may hold`);
    const { local, central } = headers(name, size, crc, offset);
    if (!same(directory.subarray(at, at + central.length), central)) {
      throw new Refused(`describes ${name} in another way than a bundle does`);
    }
    if (name <= before) throw new Refused(`holds ${name} out of order, or twice`);
    if (folded.has(name.toLowerCase())) throw new Refused(`holds ${name} twice but for capital letters`);
    if (offset + local.length + size > start) throw new Refused(`states two things about ${name}`);
    if (!same(await source.read(offset, local.length), local)) throw new Refused(`states two things about ${name}`);
    members.set(name, { name, size, crc, offset: offset + local.length });
    folded.add(name.toLowerCase());
    before = name;
    at += central.length;
    offset += local.length + size;
  }
  if (at !== length) throw new Refused("has bytes behind its list of files");
  if (offset !== start) throw new Refused("has bytes that belong to no file");
  return members;
}

// ---------------------------------------------------------------- one line: envelope and statement

const GENESIS = "0".repeat(64);
const KINDS = ["key", "registration", "attempt-start", "attempt-end", "controls", "event", "waiver", "signal", "resolution", "challenge", "response", "ruling", "sign-off", "dissent", "override", "note"];
const PAYLOAD_TYPE = "application/vnd.in-toto+json";
const STATEMENT = "https://in-toto.io/Statement/v1";

/* What is wrong with a record: the clause that follows its name, and its kind where it is known. */
class Broken extends Error {
  constructor(why, kind) { super(why); this.kind = kind; }
}

function openLine(line) {
  let envelope;
  try { envelope = canonical(line); } catch (error) {
    if (error instanceof Refused) throw new Broken(`is not JSON as this record writes it (${error.message})`);
    throw error;
  }
  const signatures = isMap(envelope) && envelope.get("signatures");
  const only = Array.isArray(signatures) && signatures.length === 1 ? signatures[0] : null;
  if (!hasKeys(envelope, "payload", "payloadType", "signatures") || !hasKeys(only, "keyid", "sig")) {
    throw new Broken("is not a signed envelope");
  }
  const payload = unbase64(envelope.get("payload")), signature = unbase64(only.get("sig"));
  if (payload === null || signature === null || typeof only.get("keyid") !== "string"
      || envelope.get("payloadType") !== PAYLOAD_TYPE) {
    throw new Broken("is not a signed envelope");
  }
  return { payload, keyid: only.get("keyid"), signature };
}

/* The bytes that are signed: DSSE v1.0.2, pre-authentication encoding. */
function preAuthentication(payload) {
  return concat(utf8.encode(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `), payload);
}

function openStatement(payload) {
  const broken = () => new Broken("holds no in-toto statement of this format");
  let statement;
  try { statement = canonical(payload); } catch (error) {
    if (error instanceof Refused) throw new Broken(`holds a statement that is not canonical JSON (${error.message})`);
    throw error;
  }
  if (!hasKeys(statement, "_type", "subject", "predicateType", "predicate")) throw broken();
  const type = statement.get("predicateType");
  const kind = typeof type === "string" ? (/^urn:safetycase:record:([a-z]+(?:-[a-z]+)*):v1$/.exec(type) || [])[1] : null;
  if (!KINDS.includes(kind)) throw new Broken("is of a kind that this format does not have");
  const predicate = statement.get("predicate");
  if (statement.get("_type") !== STATEMENT || !hasKeys(predicate, "seq", "previous", "at", "body")) throw broken();
  const record = {
    kind,
    seq: predicate.get("seq"),
    previous: predicate.get("previous"),
    at: predicate.get("at"),
    body: predicate.get("body"),
    subjects: statement.get("subject"),
  };
  if (!isWhole(record.seq) || !isMap(record.body) || !Array.isArray(record.subjects)) throw broken();
  if (!isInstant(record.at)) throw new Broken("has no UTC time in whole seconds");
  if (!isDigest(record.previous)) throw new Broken("does not name the record before it");
  if (record.subjects.length === 0) throw broken();
  for (const each of record.subjects) {
    const good = hasKeys(each, "name", "digest") && typeof each.get("name") === "string"
      && hasKeys(each.get("digest"), "sha256") && isDigest(each.get("digest").get("sha256"));
    if (!good) throw new Broken("has a subject without a name and a SHA-256");
  }
  record.seq = Number(record.seq);
  return record;
}

// ---------------------------------------------------------------- checkpoints (C2SP signed-note, tlog-checkpoint)

const ED25519 = 1, COSIGNATURE = 4, MOST_SIGNATURES = 100, LATEST = 253402300799n;

/* A checkpoint in the one spelling there is. Throws `Refused`. */
function openNote(bytes) {
  let text;
  try { text = strictUtf8.decode(bytes); } catch { throw new Refused("is not UTF-8"); }
  const match = /^(safetycase\/[0-9a-f]{32})\n([1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n\n((?:— [!-*,-~]+ [A-Za-z0-9+/]+=*\n)+)$/.exec(text);
  const root = match && unbase64(match[3]);
  if (!root) throw new Refused("is not a signed checkpoint of this format");
  const lines = match[4].split("\n").slice(0, -1);
  if (lines.length > MOST_SIGNATURES) throw new Refused(`has more than ${MOST_SIGNATURES} signatures`);
  if (new Set(lines).size !== lines.length) throw new Refused("has the same signature twice");
  const signatures = lines.map((line) => {
    const [, name, blob] = line.split(" ");
    const raw = unbase64(blob);
    if (raw === null || (raw.length !== 68 && raw.length !== 76)) throw new Refused("has a signature of an unknown kind");
    const cosigned = raw.length === 76;
    const time = cosigned ? new DataView(raw.buffer).getBigUint64(4) : null;
    if (cosigned && (time === 0n || time > LATEST)) throw new Refused("has a cosignature with an impossible time");
    return { name, type: cosigned ? COSIGNATURE : ED25519, time, hint: raw.subarray(0, 4), signature: raw.subarray(-64) };
  });
  return {
    origin: match[1],
    size: Number(match[2]),
    root,
    signatures,
    body: utf8.encode(`${match[1]}\n${match[2]}\n${match[3]}\n`),
  };
}

function hintOf(name, type, publicKey) {
  return sha256(utf8.encode(`${name}\n`), Uint8Array.of(type), publicKey).subarray(0, 4);
}

/* The key that made a signature line; undefined if none of `keys` did. */
async function signerOf(line, note, keys) {
  const cosigned = line.type === COSIGNATURE;
  const body = cosigned ? concat(utf8.encode(`cosignature/v1\ntime ${line.time}\n`), note.body) : note.body;
  for (const key of keys) {
    const name = cosigned ? `safetycase/key/${key.keyid}` : note.origin;
    if (line.name !== name || !same(line.hint, hintOf(name, line.type, key.publicKey))) continue;
    if (await key.verify(line.signature, body)) return key;
  }
  return undefined;
}

// ---------------------------------------------------------------- bodies

const OUTCOMES = ["completed", "failed", "aborted", "lost"];
const EVENTS = [
  "key-revoked", "instrument-revoked", "evaluation-bug-found", "dataset-withdrawn", "contamination-found",
  "judge-withdrawn", "better-elicitation", "capabilities-changed", "use-changed", "validity-undermined",
  "condition-materialised", "mitigation-less-effective", "milestone-reached", "serious-incident",
  "monitor-alarm", "auditor-rotated",
];
const SELECTORS = [
  "evidence", "claim", "method", "method_version", "code", "file", "weights", "weights_sha256", "distribution", "keyid",
];
const SIGNALS = ["quiet", "warning", "alarm", "silent", "lossy", "blind"];
const RESOLUTIONS = ["false-alarm", "answered", "confirmed"];
const SEVERITIES = ["minor", "major", "critical"];
const RULINGS = ["answered", "conceded", "withdrawn"];
const VERDICTS = ["accept", "accept-with-conditions", "reject", "abstain"];
const ROLES = ["author", "runner", "reviewer", "log"];

const isDecimal = (v) => typeof v === "string" && /^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$/.test(v);
const isString = (v) => typeof v === "string";
const isCount = (v) => isWhole(v) && v >= 0n;
const isBoolean = (v) => typeof v === "boolean";
const isList = (v) => Array.isArray(v);
const isTexts = (v) => isList(v) && v.length > 0 && v.every(isText);
const isDigests = (v) => isMap(v) && Array.from(v.values()).every(isDigest);
const isOneOf = (words) => (v) => words.includes(v);
const orNull = (test) => (v) => v === null || test(v);
const isAbout = (v) => isMap(v) && v.size > 0
  && ((v.size === 1 && v.get("all") === true) || Array.from(v).every(([k, w]) => SELECTORS.includes(k) && isTexts(w)));

/* What each kind of body has; a name with `?` may be missing. Further keys are welcome. */
const BODIES = {
  "key": {
    "keyid": isDigest, "public_key": isText, "algorithm": isOneOf(["ed25519"]), "owner": isString,
    "roles?": (v) => isTexts(v) && new Set(v).size === v.length && v.every(isOneOf(ROLES)),
    "not_before?": orNull(isInstant), "not_after?": orNull(isInstant), "public?": isBoolean, "proof?": isText,
  },
  "registration": {
    "evidence": isText, "claim": isText, "criterion": isText, "level": isDecimal, "plan": isMap, "recipe": isMap,
    "recipe_digest": isDigest, "exploratory": isBoolean, "seed": isWhole, "imported?": isBoolean,
    "artefacts?": isDigests,
  },
  "attempt-start": {
    "attempt": isText, "registration": isWhole, "executor?": isText, "lease_until?": orNull(isInstant),
    "token?": isText, "retry_of?": orNull(isText),
  },
  "attempt-end": {
    "attempt": isText, "outcome": isOneOf(OUTCOMES), "reason?": isString, "seconds?": orNull(isDecimal),
    "measurement?": (v) => v === null || isMap(v) || isDigest(v), "artefacts?": isDigests, "token?": isText,
    "observed?": isMap,
  },
  "controls": { "method": isText, "version": isText, "criterion": isText, "planted": isList, "code_digest": isDigest },
  "event": { "event": isOneOf(EVENTS), "says": isText, "about": isAbout, "since?": orNull(isWhole) },
  "waiver": {
    "evidence": isText, "old_recipe": isDigest, "new_recipe": isDigest, "fields": isTexts, "reason": isText,
    "author": isText, "reviewer": isText, "expires": isInstant,
  },
  "signal": {
    "monitor": isText, "indicator": isDigest, "state": isOneOf(SIGNALS), "since": isInstant, "until": isInstant,
    "events": isCount, "lost": isCount, "segment": isCount, "value": orNull(isDecimal), "e_value": orNull(isDecimal),
    "alarm_at": orNull(isDecimal), "root": orNull(isDigest), "says": isText, "details?": isMap,
  },
  "resolution": { "signal": isWhole, "outcome": isOneOf(RESOLUTIONS), "by": isText, "reason": isText },
  "challenge": {
    "challenge": isText, "against": isText, "digest": isDigest, "severity": isOneOf(SEVERITIES), "says": isText, "by": isText,
  },
  "response": { "challenge": isText, "says": isText, "by": isText },
  "ruling": { "challenge": isText, "outcome": isOneOf(RULINGS), "reason": isText, "by": isText },
  "sign-off": {
    "element": isText, "digest": isDigest, "verdict": isOneOf(VERDICTS), "conditions": (v) => isList(v) && v.every(isText),
    "says": isText, "competence": isText, "independence": isText, "hours": orNull(isDecimal), "by": isText,
  },
  "dissent": { "element": isText, "digest": isDigest, "says": isText, "by": isText },
  "override": {
    "element": isText, "digest": isDigest, "clauses": isTexts, "authority": isText, "reason": isText, "by": isText,
    "expires": isInstant, "policy?": isDigest,
  },
  "note": {},
  "redaction": { "sha256": isDigest, "reason": isText },
  "shot": {
    "shot": isText, "item": isText, "by": isText, "approach": isText, "family": orNull(isText),
    "cost": orNull((v) => isDecimal(v) && !v.startsWith("-")),
  },
  "shot-result": {
    "shot": isText, "outcome": isOneOf(["solved", "failed", "partial"]), "says": isText, "artefacts?": isDigests,
  },
};

/* The kind that says which fields a body has: some notes have fields of their own. */
function shapeOf(kind, body) {
  const note = body.get("note");
  return kind === "note" && ["redaction", "shot", "shot-result"].includes(note) ? note : kind;
}

function misfits(kind, body) {
  const wrong = [];
  for (const [field, test] of Object.entries(BODIES[shapeOf(kind, body)])) {
    const name = field.replace("?", "");
    if (!body.has(name)) {
      if (name === field) wrong.push(`has no \`${name}\``);
    } else if (!test(body.get(name))) {
      wrong.push(`has a \`${name}\` that is not what the format asks for`);
    }
  }
  return wrong.length ? wrong : contradictions(kind, body);
}

/* Whether a record speaks against the case: that outlives the trust in its key. */
function isDoubt({ kind, body }) {
  if (kind === "signal") return body.get("state") === "alarm";
  if (kind === "sign-off") return body.get("verdict") === "reject";
  if (kind === "resolution") return body.get("outcome") === "confirmed";
  if (kind === "ruling") return body.get("outcome") === "conceded";
  return kind === "challenge" || kind === "dissent" || kind === "event";
}

/* A name as it is compared: without regard to case, white space, and how it is encoded. */
function person(name) {
  const seen = name.normalize("NFKC").replace(/\p{Cf}|[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0]/gu, "");
  return seen.toLowerCase().toUpperCase().toLowerCase().normalize("NFKC").split(/[\s\x1c-\x1f\x85]+/).filter(Boolean).join(" ");
}

/* What is wrong between fields that are right each by itself. */
function contradictions(kind, body) {
  const from = body.get("not_before") ?? null, until = body.get("not_after") ?? null;
  if (kind === "key" && from !== null && until !== null && from > until) return ["has a `not_after` before its `not_before`"];
  if (kind === "waiver" && person(body.get("author")) === person(body.get("reviewer"))) return ["is reviewed by its author"];
  if (kind === "signal" && body.get("since") > body.get("until")) return ["has an `until` before its `since`"];
  if (kind === "sign-off" && (body.get("verdict") === "accept-with-conditions") !== (body.get("conditions").length > 0)) {
    return ["states conditions without accepting with conditions, or the other way round"];
  }
  if (kind === "event" && body.get("event") === "key-revoked" && !hasKeys(body.get("about"), "keyid")) {
    return ["revokes a key without saying, by `keyid` alone, which one"];
  }
  return [];
}

/* (role, SHA-256) of every artefact that a record names. */
function artefactsOf(record) {
  const kind = shapeOf(record.kind, record.body);
  if (!["registration", "attempt-end", "shot-result"].includes(kind) || misfits(record.kind, record.body).length) return [];
  const named = Array.from(record.body.get("artefacts") || []);
  const measurement = record.body.get("measurement");
  return kind === "attempt-end" && typeof measurement === "string" ? [...named, ["measurement", measurement]] : named;
}

// ---------------------------------------------------------------- who may sign what

const SIGNS = {
  "registration": ["author"], "attempt-start": ["runner"], "attempt-end": ["runner"], "controls": ["runner"],
  "waiver": ["reviewer"], "signal": ["runner"], "resolution": ["reviewer"], "event": ["author", "runner", "reviewer"],
  "challenge": ["author", "runner", "reviewer"], "response": ["author", "runner", "reviewer"],
  "ruling": ["author", "runner", "reviewer"], "sign-off": ["reviewer"], "dissent": ["author", "runner", "reviewer"],
  "override": ["reviewer"],
};
const DEFAULT_ROLES = ["author", "runner", "log"];
const VOUCHING_FIELDS = ["roles", "not_before", "not_after", "public", "proof"]; // unknown to the oldest records

/* The bytes that a key signs when it asks to be introduced to a record. */
function introductionText(origin, body) {
  const plain = new Map(Array.from(body).filter(([name]) => name !== "proof"));
  return utf8.encode(`safetycase/key-introduction/v1\n${origin}\n${printJson(plain)}`);
}

class Trust {
  constructor() {
    this.origin = null;
    this.keys = new Map(); // keyid -> what its introduction said, and the event that revoked it
    this.authors = new Map(); // evidence -> ids of the keys that registered it
    this.raised = new Map(); // number of an alarm -> id of the key that signed it
    this.challengers = new Map(); // challenge -> id of the key that raised it
    this.responders = new Map(); // challenge -> ids of the keys that responded
  }

  /* Why the key may not have signed this record. */
  async refusals(record) {
    const { kind, body, keyid } = record;
    if (kind === "key" && body.get("keyid") === keyid) return this.letsItselfIn(record);
    const key = this.keys.get(keyid);
    if (!key) return ["is signed by a key whose introduction does not count"];
    const wrong = this.outOfForce(key, record.at);
    if (wrong.length) return wrong;
    if (kind === "key") return this.vouched(record, key);
    if (kind === "event" && body.get("event") === "key-revoked") return this.mayRevoke(record, key);
    if (SIGNS[kind] && !SIGNS[kind].some((role) => key.roles.includes(role))) {
      return [`is signed by a key that is not for ${SIGNS[kind].join(" or ")} but for ${key.roles.join(", ")}`];
    }
    if (kind === "resolution") return this.ownAlarm(body, key);
    if (kind === "ruling") return this.ruling(body, key);
    return kind === "waiver" ? this.ownWaiver(body, key) : [];
  }

  take(record) {
    const { kind, body } = record;
    if (record.seq === 1) this.origin = `safetycase/${record.digest.slice(0, 32)}`;
    if (kind === "registration") {
      const evidence = body.get("evidence");
      if (!this.authors.has(evidence)) this.authors.set(evidence, new Set());
      this.authors.get(evidence).add(record.keyid);
    }
    if (kind === "signal" && body.get("state") === "alarm") this.raised.set(BigInt(record.seq), record.keyid);
    if (kind === "challenge") this.challengers.set(body.get("challenge"), record.keyid);
    if (kind === "response") {
      const name = body.get("challenge");
      if (!this.responders.has(name)) this.responders.set(name, new Set());
      this.responders.get(name).add(record.keyid);
    }
    if (kind === "key") this.keys.set(body.get("keyid"), Object.assign(this.keyOf(record), { verify: record.introduces }));
    if (kind === "event" && body.get("event") === "key-revoked") {
      const since = body.get("since") ?? null;
      for (const keyid of body.get("about").get("keyid")) {
        this.revoke(this.keys.get(keyid), { seq: record.seq, since: since === null ? null : Number(since), through: null });
      }
    }
  }

  keyOf({ body, keyid, seq }) {
    return {
      keyid: body.get("keyid"), owner: body.get("owner"), publicKey: unbase64(body.get("public_key")),
      roles: body.get("roles") ?? DEFAULT_ROLES, from: body.get("not_before") ?? null, until: body.get("not_after") ?? null,
      isPublic: body.get("public") === true, seq, by: keyid, revoked: null, revocations: [],
      vouched: seq === 1 || (body.get("keyid") !== keyid && VOUCHING_FIELDS.some((field) => body.has(field))),
    };
  }

  outOfForce(key, at) {
    if (key.revoked) return [`is signed by a key that record ${key.revoked.seq} revoked`];
    return this.outsideWindow(key, at) ? [`is signed at ${at} by a key that is valid from ${key.from ?? "ever"} to ${key.until ?? "ever"}`] : [];
  }

  outsideWindow(key, at) {
    return (key.from !== null && at < key.from) || (key.until !== null && at > key.until);
  }

  again(keyid) {
    const known = this.keys.get(keyid);
    return known ? [`introduces the key ${keyid.slice(0, 16)}… again, after record ${known.seq}`] : [];
  }

  letsItselfIn(record) {
    const wrong = this.again(record.keyid);
    if (wrong.length) return wrong;
    const key = this.keyOf(record);
    if (key.roles.includes("reviewer")) return ["lets itself in as a reviewer: a key of an author has to introduce it"];
    if (key.isPublic) return ["calls itself public: a key of an author has to introduce it"];
    return this.outOfForce(key, record.at);
  }

  async vouched(record, author) {
    const { body } = record;
    const wrong = this.again(body.get("keyid"));
    if (wrong.length) return wrong;
    if (!author.roles.includes("author")) return ["is signed by a key that is no author and lets nobody in"];
    if (!VOUCHING_FIELDS.some((field) => body.has(field))) return [];
    if (!author.vouched) return ["is signed by a key for which nobody vouches itself"];
    const proof = unbase64(body.get("proof"));
    const text = introductionText(this.origin, body);
    if (proof === null || this.origin === null || !(await record.introduces(proof, text))) {
      return ["introduces a key without a proof that its holder asked for this"];
    }
    return [];
  }

  mayRevoke({ body, seq }, by) {
    const named = body.get("about").get("keyid"), since = body.get("since") ?? null;
    if (!named.every((keyid) => this.keys.has(keyid))) return ["revokes a key that the record does not know"];
    if (since !== null && !(since > 0n && since <= BigInt(seq))) return [`revokes from record ${since} on, which is none before it`];
    const itself = named.length === 1 && named[0] === by.keyid;
    return by.roles.includes("author") || itself ? [] : ["is signed by a key that may revoke only itself"];
  }

  /* A revoked key takes along the keys that it let in while it was not to be trusted. */
  revoke(key, revocation) {
    key.revocations.push(revocation);
    key.revoked ??= revocation;
    for (const other of this.keys.values()) {
      const covered = revocation.since === null || other.seq >= revocation.since;
      if (other.by === key.keyid && other !== key && !other.revoked && covered) {
        this.revoke(other, { seq: revocation.seq, since: null, through: key.keyid });
      }
    }
  }

  /* Whether the key, or another of its owner, is among these. */
  samePerson(key, keyids) {
    const owners = Array.from(keyids, (keyid) => person(this.keys.get(keyid)?.owner ?? "")).filter(Boolean);
    return Array.from(keyids).includes(key.keyid) || owners.includes(person(key.owner));
  }

  ownWaiver(body, key) {
    return this.samePerson(key, this.authors.get(body.get("evidence")) ?? [])
      ? [`waives a change of ${body.get("evidence")}, which the same person registered`] : [];
  }

  ownAlarm(body, key) {
    return this.samePerson(key, [this.raised.get(body.get("signal"))])
      ? [`resolves the alarm in record ${body.get("signal")}, which the same person signed`] : [];
  }

  /* Only the key that raised a challenge withdraws it; nobody calls their own response an answer. */
  ruling(body, key) {
    const name = body.get("challenge"), outcome = body.get("outcome");
    const may = (...roles) => roles.some((role) => key.roles.includes(role));
    if (outcome === "withdrawn") {
      return key.keyid === this.challengers.get(name) ? [] : [`withdraws challenge ${name}, which another key raised`];
    }
    if (outcome === "conceded") return may("author", "reviewer") ? [] : [`concedes challenge ${name} by a key of no author or reviewer`];
    if (!may("reviewer")) return [`calls challenge ${name} answered by a key that is not for reviewer`];
    return this.samePerson(key, this.responders.get(name) ?? [])
      ? [`calls challenge ${name} answered, to which the same person responded`] : [];
  }

  /* The revocation, if any, for which what this key signed as record `seq` counts for nothing. */
  undone(keyid, seq) {
    const key = this.keys.get(keyid);
    return key && key.revocations.find(({ since }) => since === null || seq >= since);
  }
}

// ---------------------------------------------------------------- which record may follow which

class Rules {
  constructor() {
    this.registrations = new Set();
    this.started = new Map(); // attempt -> record
    this.ended = new Map();
    this.shots = new Map();
    this.results = new Set();
    this.alarms = new Set();
    this.challenges = new Set();
    this.responded = new Set();
  }

  /* Why this record may not stand here, as clauses that follow its name. */
  refusals(record) {
    const { kind, body } = record;
    const wrong = misfits(kind, body);
    if (wrong.length) return wrong;
    if (kind === "attempt-start") return this.start(body);
    if (kind === "attempt-end") return this.end(body);
    if (kind === "resolution" && !this.alarms.has(body.get("signal"))) {
      return [`resolves record ${body.get("signal")}, no alarm before it`];
    }
    if (["challenge", "response", "ruling"].includes(kind)) return this.review(kind, body);
    const shape = shapeOf(kind, body);
    const shot = body.get("shot");
    if (shape === "shot" && this.shots.has(shot)) return [`names shot ${shot} again`];
    if (shape === "shot-result" && !this.shots.has(shot)) return [`gives a result of shot ${shot}, which nobody recorded`];
    if (shape === "shot-result" && this.results.has(shot)) return [`gives a second result of shot ${shot}`];
    return [];
  }

  review(kind, body) {
    const name = body.get("challenge");
    if (kind === "challenge") return this.challenges.has(name) ? [`raises ${name} again`] : [];
    if (!this.challenges.has(name)) return [`is about challenge ${name}, which nobody raised`];
    return kind === "ruling" && body.get("outcome") === "answered" && !this.responded.has(name)
      ? [`calls challenge ${name} answered, and nobody responded to it`] : [];
  }

  start(body) {
    const attempt = body.get("attempt"), registration = body.get("registration"), retried = body.get("retry_of") ?? null;
    const wrong = [];
    if (!this.registrations.has(Number(registration))) {
      wrong.push(`starts an attempt at record ${registration}, no registration before it`);
    }
    if (this.started.has(attempt)) wrong.push(`starts attempt ${attempt} again`);
    if (retried !== null) {
      const before = this.started.get(retried);
      if (!this.ended.has(retried) || before.body.get("registration") !== registration) {
        wrong.push(`repeats attempt ${retried}, which has not ended at this registration`);
      }
    }
    return wrong;
  }

  end(body) {
    const attempt = body.get("attempt"), start = this.started.get(attempt);
    if (!start) return [`ends attempt ${attempt}, which never started`];
    if (this.ended.has(attempt)) return [`ends attempt ${attempt} again`];
    const token = start.body.get("token");
    return token !== undefined && body.get("token") !== token
      ? [`ends attempt ${attempt} without the token of its start`] : [];
  }

  take(record) {
    const { kind, body } = record, shape = shapeOf(kind, body);
    if (kind === "registration") this.registrations.add(record.seq);
    if (kind === "attempt-start") this.started.set(body.get("attempt"), record);
    if (kind === "attempt-end") this.ended.set(body.get("attempt"), record);
    if (kind === "signal" && body.get("state") === "alarm") this.alarms.add(BigInt(record.seq));
    if (kind === "challenge") this.challenges.add(body.get("challenge"));
    if (kind === "response") this.responded.add(body.get("challenge"));
    if (shape === "shot") this.shots.set(body.get("shot"), record);
    if (shape === "shot-result") this.results.add(body.get("shot"));
  }
}

// ---------------------------------------------------------------- the whole bundle

const nameOf = (seq, kind) => `record ${seq} (${kind ? `${kind}, ` : ""}line ${seq})`;

/* Lets the page draw while a long check runs. */
function breather(progress) {
  let last = Date.now();
  return async (done, total, what) => {
    if (Date.now() - last < 50) return;
    if (progress) progress(done, total, what);
    await new Promise((resolve) => setTimeout(resolve, 0));
    last = Date.now();
  };
}

class Check {
  constructor(source, options) {
    this.source = source;
    this.own = options.own === true;
    this.breathe = breather(options.progress);
    this.problems = [];
    this.keys = new Map(); // keyid -> how its signatures are checked
    this.trust = new Trust(); // and whose count
    this.records = [];
    this.sums = new Map(); // member -> its SHA-256
    this.checkpoints = [];
    this.objects = 0;
  }

  say(seq, kind, why, note) {
    this.problems.push({ record: seq, says: `${nameOf(seq, kind)} ${why}`, note: note === true });
  }

  sayOf(what, why, note) {
    this.problems.push({ record: null, says: `${what} ${why}`, note: note === true });
  }

  async bytes(name) {
    const member = this.members.get(name);
    return this.source.read(member.offset, member.size);
  }

  async run() {
    try { this.members = await membersOf(this.source); } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.sayOf("the file", error.message);
      return;
    }
    await this.hashMembers();
    if (!(await this.readManifest())) return;
    await this.readLines();
    await this.checkRules();
    await this.checkCheckpoints();
    await this.checkObjects();
    this.remarks();
  }

  async hashMembers() {
    const total = Array.from(this.members.values()).reduce((n, member) => n + member.size, 0);
    let done = 0;
    for (const member of this.members.values()) {
      const sum = new Sha256();
      let crc = 0;
      for (let at = 0; at < member.size; at += CHUNK) {
        const chunk = await this.source.read(member.offset + at, Math.min(CHUNK, member.size - at));
        sum.update(chunk);
        crc = crc32(chunk, crc);
        done += chunk.length;
        await this.breathe(done, total, "files");
      }
      member.sound = crc === member.crc;
      this.sums.set(member.name, hex(sum.digest()));
    }
  }

  /* The manifest says nothing that the rest does not say again: here its shape and its list of files. */
  async readManifest() {
    const fail = (why) => { this.sayOf("bundle.json", why); return false; };
    const first = this.members.get("bundle.json");
    if (!first) return fail("is missing");
    if (!first.sound) return fail("has other bytes than the bundle states");
    let manifest;
    try { manifest = canonical(await this.bytes("bundle.json")); } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return fail(`is ${error.message}`);
    }
    if (!isMap(manifest) || manifest.get("format") !== "safetycase-bundle") return fail("describes no bundle");
    if (manifest.get("version") !== 1n) return fail("is of a version that this verifier does not know");
    const get = (name) => manifest.get(name);
    const records = get("records");
    const ascending = (list) => isList(list) && list.length > 0
      && list.every((seq, i) => isWhole(seq) && seq > (i ? list[i - 1] : 0n) && seq <= get("size"));
    if (!hasKeys(manifest, "artefacts", "format", "members", "origin", "records", "root", "size", "version")
        || !isBoolean(get("artefacts")) || !isWhole(get("size")) || get("size") < 1n || get("size") >= 2n ** 53n
        || !isDigest(get("root")) || !isText(get("origin")) || !(records === null || ascending(records))
        || !isList(get("members"))) {
      return fail("lacks a field, or has one that does not belong there");
    }
    this.size = Number(get("size"));
    this.root = get("root");
    this.origin = get("origin");
    this.artefacts = get("artefacts");
    this.chosen = records === null ? null : records.map(Number);
    return this.compareMembers(get("members"), fail);
  }

  compareMembers(listed, fail) {
    const held = Array.from(this.members.values()).filter((member) => member.name !== "bundle.json");
    const same = listed.length === held.length && held.every((member, i) => hasKeys(listed[i], "name", "sha256", "size")
      && listed[i].get("name") === member.name && listed[i].get("size") === BigInt(member.size)
      && isDigest(listed[i].get("sha256")));
    if (!same) return fail("lists other files than the bundle holds");
    if (!this.members.has("log.jsonl")) return fail("lists no log.jsonl");
    if (this.members.has("proofs.json") !== (this.chosen !== null)) return fail("and proofs.json do not belong together");
    held.forEach((member, i) => {
      const object = member.name.startsWith("objects/"); // named by the records that rest on it
      const good = member.sound && this.sums.get(member.name) === listed[i].get("sha256");
      member.sound = good;
      if (!good && !object) this.sayOf(member.name, "has other bytes than the bundle states");
    });
    return true;
  }

  async readLines() {
    const log = await this.bytes("log.jsonl");
    const proofs = this.chosen && (await this.readProofs());
    this.tree = new Tree();
    this.roots = new Map();
    const asked = this.members;
    let before = { seq: 0, digest: GENESIS };
    for (let at = 0, n = 0; at < log.length; n++) {
      const end = log.indexOf(10, at);
      const seq = this.chosen ? this.chosen[n] : n < this.size ? n + 1 : undefined;
      if (end < 0) { this.broken = true; return this.say(seq ?? before.seq + 1, "", "is unfinished: it has no line end"); }
      const line = log.subarray(at, end);
      const digest = sha256(line);
      try {
        if (seq === undefined) throw new Broken("is more than bundle.json lists");
        const record = await this.takeLine(line, seq, before, hex(digest));
        if (proofs) this.prove(record, digest, proofs);
        before = record;
      } catch (error) {
        if (!(error instanceof Broken)) throw error;
        this.broken = true;
        return this.say(seq ?? before.seq + 1, error.kind, error.message);
      }
      if (!this.chosen) {
        this.tree.add(leafHash(digest));
        if (asked.has(`checkpoints/${this.tree.size}.txt`)) this.roots.set(this.tree.size, this.tree.root());
      }
      at = end + 1;
      await this.breathe(at, log.length, "records");
    }
    const expected = this.chosen ? this.chosen.length : this.size;
    if (this.records.length !== expected) {
      this.broken = true;
      const seq = this.chosen ? this.chosen[this.records.length] : this.records.length + 1;
      this.say(seq, "", `is missing: bundle.json lists ${expected} records and ${this.records.length} are here`);
    }
    return undefined;
  }

  async takeLine(line, seq, before, digest) {
    const { payload, keyid, signature } = openLine(line);
    const record = Object.assign(openStatement(payload), { keyid, digest });
    const broken = (why) => new Broken(why, record.kind);
    if (record.kind === "key") await this.introduce(record, broken);
    const verify = this.keys.get(keyid);
    if (!verify) throw broken(`is signed by the key ${keyid.slice(0, 16)}…, not introduced before it`);
    if (!(await verify(signature, preAuthentication(payload)))) throw broken("has a signature that does not verify");
    if (record.seq !== seq) throw broken(`says it is record ${record.seq}: one was taken out or put in`);
    if (seq === before.seq + 1 && record.previous !== before.digest) throw broken("does not follow the record before it");
    this.records.push(record);
    return record;
  }

  /* A `key` record: its key may sign the very record that introduces it. */
  async introduce(record, broken) {
    const { body } = record;
    const wrong = misfits("key", body);
    const raw = wrong.length ? null : unbase64(body.get("public_key"));
    const verify = raw && raw.length === 32 && hex(sha256(raw)) === body.get("keyid") ? await ed25519(raw, this.own) : null;
    if (!verify) throw broken(wrong[0] ?? "has a `public_key` that is not the key it names");
    record.introduces = verify;
    this.keys.set(body.get("keyid"), verify);
  }

  async readProofs() {
    let proofs;
    const hashes = (value) => isList(value) && value.length <= 64 && value.every(isDigest);
    const numbered = (value) => isMap(value) && Array.from(value).every(([k, v]) => /^[1-9][0-9]{0,15}$/.test(k) && hashes(v));
    try { proofs = canonical(await this.bytes("proofs.json")); } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
    if (!hasKeys(proofs, "consistency", "inclusion") || !numbered(proofs.get("consistency")) || !numbered(proofs.get("inclusion"))) {
      this.sayOf("proofs.json", "holds no proofs of this format");
      proofs = new Map([["consistency", new Map()], ["inclusion", new Map()]]);
    }
    const listed = Array.from(proofs.get("inclusion").keys(), Number).sort((a, b) => a - b);
    if (String(listed) !== String(this.chosen)) this.sayOf("proofs.json", "proves other records than bundle.json lists");
    this.consistency = proofs.get("consistency");
    return proofs.get("inclusion");
  }

  prove(record, digest, proofs) {
    const path = (proofs.get(String(record.seq)) || []).map(unhex);
    const found = rootByInclusion(leafHash(digest), record.seq - 1, this.size, path);
    if (found === null || hex(found) !== this.root) {
      this.records.pop();
      throw new Broken("is not proved to stand in the record", record.kind);
    }
  }

  async checkCheckpoints() {
    if (this.records.length && this.records[0].seq === 1) {
      const origin = `safetycase/${this.records[0].digest.slice(0, 32)}`;
      if (origin !== this.origin) this.sayOf("bundle.json", "names the origin of another record");
    } else if (!this.broken) {
      this.sayOf("log.jsonl", "lacks record 1, which names the record");
    }
    const names = Array.from(this.members.keys()).filter((name) => name.startsWith("checkpoints/"));
    for (const name of names) await this.checkCheckpoint(name);
    if (!this.members.has(`checkpoints/${this.size}.txt`)) {
      this.sayOf("the bundle", `holds no checkpoint of its ${this.size} records`);
    }
    if (!this.chosen && !this.broken && hex(this.tree.root()) !== this.root) {
      this.sayOf("bundle.json", "states another root than its records have");
    }
  }

  async checkCheckpoint(name) {
    let note;
    try { note = openNote(await this.bytes(name)); } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return this.sayOf(name, error.message);
    }
    if (`checkpoints/${note.size}.txt` !== name) return this.sayOf(name, `is of ${note.size} records`);
    if (note.size > this.size) return this.sayOf(name, `is of more records than the bundle has: records were taken away`);
    if (note.origin !== this.origin) return this.sayOf(name, "is of another record");
    if (!this.rootAgrees(note)) return this.sayOf(name, "has another root than the records: one of the two was made anew");
    const wrong = await this.checkSigners(name, note);
    if (wrong) return this.sayOf(name, wrong);
    this.checkpoints.push(note);
    return undefined;
  }

  /* What is wrong with the signatures of a checkpoint: each is by a key of the record, one by its log. */
  async checkSigners(name, note) {
    const last = this.records.find((record) => record.seq === note.size);
    if (!last) return this.broken ? null : `is over ${note.size} records, of which the last is not in the bundle`;
    for (const line of note.signatures) {
      const key = await signerOf(line, note, this.trust.keys.values());
      if (!key) return `has a signature by ${line.name} that does not verify`;
      if (line.type === ED25519) {
        if (!key.roles.includes("log") || key.seq > note.size) return "is signed by a key that is not for the log";
        if (this.trust.outsideWindow(key, last.at)) return "is signed by a key outside the time for which that is valid";
        if (key.revoked && note.size > key.revoked.seq) return `is signed by a key that record ${key.revoked.seq} had revoked`;
      }
      if (key.revoked) this.sayOf(name, `is signed by a key that record ${key.revoked.seq} revoked: that counts for nothing`, true);
    }
    return note.signatures.some((line) => line.type === ED25519) ? null : "is not signed by a key of the record";
  }

  rootAgrees(note) {
    if (!this.chosen) {
      const root = this.roots.get(note.size);
      return root === undefined ? this.broken === true : same(root, note.root);
    }
    const path = (this.consistency.get(String(note.size)) || []).map(unhex);
    return consistent(note.size, this.size, note.root, unhex(this.root), path);
  }

  async checkRules() {
    const rules = new Rules();
    for (const record of this.records) {
      let wrong = rules.refusals(record);
      if (!wrong.length) wrong = await this.trust.refusals(record);
      for (const why of wrong) this.say(record.seq, record.kind, why);
      if (wrong.length) continue;
      rules.take(record);
      this.trust.take(record);
    }
    for (const record of this.records) {
      const undone = this.trust.undone(record.keyid, record.seq);
      if (undone && undone.seq > record.seq && !isDoubt(record)) {
        this.say(record.seq, record.kind, `counts for nothing: record ${undone.seq} revoked the key that signed it`, true);
      }
      const key = record.kind === "key" && this.trust.keys.get(record.body.get("keyid"));
      if (key && key.seq === record.seq && !key.vouched) {
        this.say(record.seq, record.kind, `lets a further key in (${key.owner || "no owner"}), for which nobody vouches`, true);
      }
    }
    if (this.broken) return;
    for (const [attempt, record] of rules.started) {
      if (!rules.ended.has(attempt)) this.say(record.seq, record.kind, `starts attempt ${attempt}, which has not ended`, true);
    }
  }

  async checkObjects() {
    const asked = new Set();
    const gone = new Map(); // artefact -> the note that says that it was taken out
    for (const record of this.records) {
      const redacts = shapeOf(record.kind, record.body) === "redaction" && !misfits(record.kind, record.body).length;
      if (redacts && !gone.has(record.body.get("sha256"))) gone.set(record.body.get("sha256"), record);
    }
    for (const record of this.records) {
      for (const [role, digest] of artefactsOf(record)) {
        const name = `objects/${digest.slice(0, 2)}/${digest}`;
        if (asked.has(name)) continue;
        asked.add(name);
        if (!this.artefacts) continue;
        const member = this.members.get(name);
        const note = gone.get(digest);
        if (!member && note) {
          const why = `rests on its ${role}, redacted by record ${note.seq}: ${note.body.get("reason")}`;
          this.say(record.seq, record.kind, why, true);
        } else if (!member) this.say(record.seq, record.kind, `rests on its ${role}: the artefact ${digest} is missing`);
        else if (!member.sound || this.sums.get(name) !== digest) {
          this.say(record.seq, record.kind, `rests on its ${role}: the artefact ${digest} has other bytes than it had`);
        }
      }
    }
    this.objects = this.artefacts ? [...asked].filter((name) => this.members.has(name)).length : 0;
    if (!this.artefacts && asked.size) {
      this.sayOf("the bundle", `leaves out the ${asked.size} artefacts that its records name: they were not checked`, true);
    }
    if (this.broken) return;
    for (const [name, member] of this.members) {
      if (!name.startsWith("objects/")) continue;
      if (!asked.has(name) || !this.artefacts) this.sayOf(name, "belongs to no record");
      else if (!member.sound && this.sums.get(name) === name.slice(11)) this.sayOf(name, "is not what bundle.json lists");
    }
  }

  remarks() {
    if (this.chosen) this.sayOf("the bundle", `holds ${this.chosen.length} of ${this.size} records`, true);
    const files = Array.from(this.members.keys()).filter((name) => name.startsWith("case/")).length;
    if (files) this.sayOf("the bundle", `holds text of the case (${files === 1 ? "1 file" : `${files} files`}), which nobody signed`, true);
    for (const name of this.members.keys()) {
      if (name.startsWith("torn-")) this.sayOf(name, "holds a line that was cut off before it was acknowledged", true);
    }
    this.records.forEach((record, i) => {
      const before = this.records[i - 1];
      if (before && record.at < before.at) this.say(record.seq, record.kind, `is dated before the record it follows`, true);
    });
  }

  report() {
    const errors = this.problems.filter((problem) => !problem.note);
    const named = errors.filter((problem) => problem.record !== null).sort((a, b) => a.record - b.record);
    return {
      ok: errors.length === 0,
      record: named.length ? named[0].record : null,
      problems: this.problems,
      records: this.records.length,
      size: this.size ?? null,
      partial: Boolean(this.chosen),
      root: this.root ?? null,
      origin: this.origin ?? null,
      head: this.records.length ? this.records[this.records.length - 1].digest : null,
      objects: this.objects,
      artefacts: this.artefacts ?? false,
      digests: new Map(this.records.map((record) => [record.seq, record.digest])),
      keys: Array.from(this.trust.keys.values(), ({ keyid, owner, roles, revoked }) => ({ keyid, owner, roles, revoked })),
    };
  }
}

/* Checks the bundle in `source` ({size, read(offset, length)}) and tells everything it found.
 * options: progress(done, total, what) is called now and then; own: use no Ed25519 of the platform. */
async function verifyBundle(source, options) {
  const check = new Check(source, options || {});
  await check.run();
  return check.report();
}

/* Whether a checked bundle is the record that a report was made from; a sentence, and yes or no. */
function compare(found, made) {
  if (!made || !made.size) return { same: null, says: "This report was made from an empty record." };
  if (found.origin !== made.origin) return { same: false, says: "It is the record of another case than this report's." };
  if (found.size === made.size) {
    return found.root === made.root
      ? { same: true, says: "It is the record that this report was made from." }
      : { same: false, says: "It is not the record that this report was made from: its history is another one." };
  }
  if (found.size < made.size) {
    return { same: false, says: `It ends before this report does: it has ${found.size} records, this report was made from ${made.size}.` };
  }
  const digest = found.digests.get(made.size);
  if (digest === undefined) return { same: null, says: "It is a part of a longer record than this report's: whether that goes on from it was not checked." };
  return digest === made.head
    ? { same: true, says: `It goes on from the record that this report was made from: ${found.size - made.size} records came later.` }
    : { same: false, says: "It is not the record that this report was made from: its history is another one." };
}

function verdictOf(found) {
  if (!found.ok) {
    const first = found.problems.filter((p) => !p.note)
      .sort((a, b) => (a.record ?? Infinity) - (b.record ?? Infinity))[0];
    return `NOT VERIFIED: ${first.says}`;
  }
  const part = found.partial ? `${found.records} of ${found.size} records` : `${found.records} records`;
  const objects = found.artefacts ? `${found.objects} artefacts` : "no artefacts";
  return `verified: ${part} and ${objects}`;
}

const API = {
  verifyBundle, compare, verdictOf, canonical, unbase64, base64, ed25519, sha256, sha512, hex, unhex, Tree, leafHash,
  rootByInclusion, consistent, openNote, Refused,
};

// ---------------------------------------------------------------- in node

function fileSource(fs, path) {
  const handle = fs.openSync(path, "r");
  return {
    size: fs.fstatSync(handle).size,
    async read(offset, length) {
      const bytes = new Uint8Array(length);
      let at = 0;
      while (at < length) {
        const got = fs.readSync(handle, bytes, at, length - at, offset + at);
        if (got === 0) break;
        at += got;
      }
      return bytes.subarray(0, at);
    },
    close() { fs.closeSync(handle); },
  };
}

const bytesSource = (bytes) => ({ size: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) });

async function onCommandLine(args) {
  const usage = "usage: node verify.js FILE [--size N --root HEX]   (exit 0 verified, 2 usage, 3 not verified)\n";
  if (args.length !== 1 && !(args.length === 5 && args[1] === "--size" && args[3] === "--root")) {
    process.stderr.write(usage);
    return 2;
  }
  let source;
  try { source = fileSource(require("fs"), args[0]); } catch (error) {
    process.stderr.write(`${args[0]} cannot be read: ${error.message}\n`);
    return 2;
  }
  const found = await verifyBundle(source);
  source.close();
  if (args.length === 5 && found.ok && !(found.size === Number(args[2]) && found.root === args[4])) {
    found.ok = false;
    found.problems.push({ record: null, note: false, says: `the record has ${found.size} records and the root ${found.root}, not the ones asked for` });
  }
  const plain = (text) => text.replace(/[^\x20-\x7e\u00a0-\u024f\u2010-\u2027\u2190-\u21ff]/g, "\ufffd");
  for (const problem of found.problems) process.stdout.write(`${problem.note ? "note" : "error"}: ${plain(problem.says)}\n`);
  for (const key of found.ok ? found.keys : []) {
    process.stdout.write(`key ${key.keyid} (${plain(key.owner)}): ${key.roles.join(", ")}${key.revoked ? `; REVOKED by record ${key.revoked.seq}` : ""}\n`);
  }
  if (found.ok) process.stdout.write(`${found.origin}, size ${found.size}, root ${found.root}\n`);
  process.stdout.write(`${plain(verdictOf(found))}\n`);
  return found.ok ? 0 : 3;
}

// ---------------------------------------------------------------- in a page

/* Fills the section of a report that is empty without scripts. Text goes in as text only. */
function inPage(section) {
  const make = (tag, text, attributes) => {
    const element = document.createElement(tag);
    if (text) element.textContent = text;
    for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
    return element;
  };
  const made = {
    origin: section.dataset.origin, root: section.dataset.root, head: section.dataset.head,
    size: Number(section.dataset.size),
  };
  const drop = make("div", "", { class: "drop" });
  const label = make("label", "Choose a bundle, or drop one here: ", { for: "bundle-file" });
  const input = make("input", "", { type: "file", id: "bundle-file", accept: ".scbundle" });
  const progress = make("progress", "", { max: "1", value: "0", "aria-label": "How far the check is" });
  const result = make("div", "", { class: "checked", role: "status", "aria-live": "polite" });
  progress.hidden = true;
  drop.append(label, input, progress);
  section.append(drop, result);
  let turn = 0;

  const show = (name, found) => {
    const compared = found.ok ? compare(found, made) : null;
    const good = found.ok && compared.same !== false;
    result.replaceChildren(make("p", `${name}: ${verdictOf(found)}.`, { class: found.ok ? "line tone-good" : "line tone-bad" }));
    if (compared) result.append(make("p", compared.says, { class: good ? "" : "tone-bad" }));
    if (found.ok && found.partial) {
      result.append(make("p", "It is a part: it shows that these records stand in the record, not that no other one bears on them."));
    }
    const list = make("ul");
    for (const problem of found.problems.slice(0, 50)) list.append(make("li", `${problem.note ? "Note: " : ""}${problem.says}`));
    if (found.problems.length > 50) list.append(make("li", `and ${found.problems.length - 50} more`));
    if (found.problems.length) result.append(list);
    if (!found.ok) return;
    const keys = make("ul");
    for (const key of found.keys) {
      const item = make("li", `${key.owner || "no owner"} (${key.roles.join(", ")}), key `);
      item.append(make("code", key.keyid, { class: "digest" }));
      if (key.revoked) item.append(make("strong", `; REVOKED by record ${key.revoked.seq}`, { class: "tone-bad" }));
      keys.append(item);
    }
    result.append(make("p", "Signed by these keys; whether to trust them is for you to say:"), keys);
  };

  const check = async (file) => {
    const mine = ++turn;
    progress.hidden = false;
    progress.removeAttribute("value");
    result.replaceChildren(make("p", `Checking ${file.name} …`));
    const source = {
      size: file.size,
      read: async (offset, length) => new Uint8Array(await file.slice(offset, offset + length).arrayBuffer()),
    };
    let found;
    try {
      found = await verifyBundle(source, {
        progress: (done, total) => { if (mine === turn) progress.value = total ? done / total : 0; },
      });
    } catch (error) {
      found = { ok: false, problems: [{ record: null, note: false, says: `the file could not be checked: ${error.message}` }] };
    }
    if (mine !== turn) return;
    progress.hidden = true;
    show(file.name, found);
    section.dataset.verdict = found.ok ? "verified" : "not verified";
  };

  input.addEventListener("change", () => { if (input.files[0]) check(input.files[0]); });
  for (const name of ["dragover", "dragleave", "drop"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", name === "dragover");
      if (name === "drop" && event.dataTransfer.files[0]) check(event.dataTransfer.files[0]);
    });
  }
}

if (typeof document !== "undefined") {
  const section = document.getElementById("check-record");
  if (section) inPage(section);
  else globalThis.safetycaseVerifier = Object.assign(API, { bytesSource });
} else if (typeof require === "function" && typeof module === "object") {
  module.exports = Object.assign(API, { bytesSource, fileSource });
  if (require.main === module) onCommandLine(process.argv.slice(2)).then((code) => { process.exitCode = code; });
}
})();
