// Tones: made, written, read and measured. What people would hear, as numbers.
import { readFile, writeFile } from "node:fs/promises";

/** A sine of `hz` as samples from -1 to 1. */
export function tone(hz, { rate = 8000, seconds = 1, amplitude = 0.25 } = {}) {
  return Float32Array.from({ length: Math.round(rate * seconds) }, (_, n) => amplitude * Math.sin((2 * Math.PI * hz * n) / rate));
}

const KEYS = ["123A", "456B", "789C", "*0#D"];
const KEY_HZ = [[697, 770, 852, 941], [1209, 1336, 1477, 1633]];
const PRESSED_SECONDS = 0.15;

/** A key as a telephone sounds it (ITU-T Q.23), pressed for a moment, and then silence for the rest of `seconds`. */
export function keyTone(key, { rate = 8000, seconds = 1 } = {}) {
  const row = KEYS.findIndex((keys) => keys.includes(key));
  const pair = [KEY_HZ[0][row], KEY_HZ[1][KEYS[row].indexOf(key)]].map((hz) => tone(hz, { rate, seconds }));
  return pair[0].map((sample, n) => (n < rate * PRESSED_SECONDS ? sample + pair[1][n] : 0));
}

/** Writes a mono 16-bit WAV. Whole periods in whole seconds loop without a click. */
export async function writeWav(path, samples, rate) {
  const data = Buffer.alloc(44 + samples.length * 2);
  data.write("RIFF", 0);
  data.writeUInt32LE(36 + samples.length * 2, 4);
  data.write("WAVEfmt ", 8);
  data.writeUInt32LE(16, 16);
  data.writeUInt16LE(1, 20);
  data.writeUInt16LE(1, 22);
  data.writeUInt32LE(rate, 24);
  data.writeUInt32LE(rate * 2, 28);
  data.writeUInt16LE(2, 32);
  data.writeUInt16LE(16, 34);
  data.write("data", 36);
  data.writeUInt32LE(samples.length * 2, 40);
  samples.forEach((sample, n) => data.writeInt16LE(Math.round(Math.max(-1, Math.min(1, sample)) * 32767), 44 + n * 2));
  await writeFile(path, data);
}

/** Reads a 16-bit PCM WAV by its header alone: what the header does not count is not there. */
export function readWav(bytes) {
  if (bytes.toString("latin1", 0, 4) !== "RIFF" || bytes.toString("latin1", 8, 12) !== "WAVE") throw new Error("not a WAV file");
  let format;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const id = bytes.toString("latin1", at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    const body = at + 8;
    if (id === "fmt ") {
      format = { channels: bytes.readUInt16LE(body + 2), rate: bytes.readUInt32LE(body + 4), bits: bytes.readUInt16LE(body + 14) };
    } else if (id === "data") {
      if (format?.bits !== 16) throw new Error("not 16-bit PCM");
      if (body + size > bytes.length) throw new Error(`the header counts ${size} bytes, the file has ${bytes.length - body}`);
      const frames = Math.floor(size / 2 / format.channels);
      const channels = Array.from({ length: format.channels }, (_, channel) =>
        Float32Array.from({ length: frames }, (_, n) => bytes.readInt16LE(body + (n * format.channels + channel) * 2) / 32768));
      return { rate: format.rate, channels, seconds: frames / format.rate };
    }
    at = body + size + (size % 2);
  }
  throw new Error("the WAV file has no data");
}

export async function readWavFile(path) {
  return readWav(await readFile(path));
}

export function loudness(samples) {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length));
}

/** Tones are told apart to about 25 Hz: the file that Chromium plays as a microphone may run 0.6% fast after its first time. */
const PIECE_SECONDS = 0.04;

/** The share of the samples' power that lies about `hz`, from 0 to about 1. */
export function share(samples, rate, hz) {
  const size = Math.round(rate * PIECE_SECONDS);
  let [power, total] = [0, 0];
  for (let at = 0; at + size <= samples.length; at += size) {
    const piece = samples.subarray(at, at + size);
    power += powerAt(piece, rate, hz);
    total += piece.reduce((sum, sample) => sum + sample * sample, 0);
  }
  return total === 0 ? 0 : power / total;
}

/** What a sine of `hz` contributes to the sum of the squares of the samples (Goertzel). */
function powerAt(samples, rate, hz) {
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / rate);
  let [before, last] = [0, 0];
  for (const sample of samples) [before, last] = [last, sample + coefficient * last - before];
  return (2 * (last * last + before * before - coefficient * last * before)) / samples.length;
}

const WINDOW_SECONDS = 0.1;
const AUDIBLE = 0.01;
const DOMINANT = 0.6;

/**
 * How far off a tone may be: Chromium's microphone is 0.6% fast, and a mixer and a recording that make up for a delay shrink what they
 * pass on by as much each.
 */
const OFF = [-0.012, -0.006, 0, 0.006, 0.012, 0.018];

/** Whether these samples are audibly this tone and little else. */
export function isTone(samples, rate, hz) {
  return loudness(samples) > AUDIBLE && OFF.some((off) => share(samples, rate, hz * (1 + off)) > DOMINANT);
}

/** How loud a tone has to be to count as heard beside others; a voice of the tests has an amplitude of 0.25. */
const HEARD = 0.08;

/** Those of `tones` that sound, each for itself, whatever else does. */
export function tonesIn(samples, rate, tones) {
  const loud = Math.SQRT2 * loudness(samples);
  return tones.filter((hz) => OFF.some((off) => loud * Math.sqrt(share(samples, rate, hz * (1 + off))) > HEARD));
}

/**
 * The stretches, in seconds from the start, in which a tone sounds, whatever else does. Interruptions of less than `bridging` seconds
 * do not end a stretch, and what is shorter than that is none.
 */
export function toneStretches(samples, rate, hz, { bridging = 0.3 } = {}) {
  const stretches = [];
  for (const [nth, window] of windows(samples, rate).entries()) {
    if (tonesIn(window, rate, [hz]).length === 0) continue;
    const [from, to] = [nth * WINDOW_SECONDS, (nth + 1) * WINDOW_SECONDS];
    const last = stretches.at(-1);
    if (last && from - last.to < bridging) last.to = to;
    else stretches.push({ from, to });
  }
  return stretches.filter(({ from, to }) => to - from >= bridging);
}

/** For how many seconds a tone of `hz` is what is heard, counted in tenths. */
export function toneSeconds(samples, rate, hz) {
  return windows(samples, rate).filter((window) => isTone(window, rate, hz)).length * WINDOW_SECONDS;
}

/** The seconds, from the start, at which the tone is first and last heard. */
export function toneSpan(samples, rate, hz) {
  const all = windows(samples, rate).map((window) => isTone(window, rate, hz));
  const first = all.indexOf(true);
  return first < 0 ? undefined : { from: first * WINDOW_SECONDS, to: (all.lastIndexOf(true) + 1) * WINDOW_SECONDS };
}

/** For how many seconds anything is heard. */
export function audibleSeconds(samples, rate) {
  return windows(samples, rate).filter((window) => loudness(window) > AUDIBLE).length * WINDOW_SECONDS;
}

function windows(samples, rate) {
  const size = Math.round(rate * WINDOW_SECONDS);
  return Array.from({ length: Math.floor(samples.length / size) }, (_, n) => samples.subarray(n * size, (n + 1) * size));
}

/** G.711 A-law (ITU-T G.711): one sample from -1 to 1 to its byte. */
export function toAlaw(sample) {
  const value = Math.round(sample * 32767);
  const magnitude = Math.min(value >= 0 ? value : -value - 1, 32_635);
  const exponent = Math.max(0, Math.floor(Math.log2(Math.max(1, magnitude))) - 7);
  const mantissa = (magnitude >> (exponent === 0 ? 4 : exponent + 3)) & 15;
  return ((value >= 0 ? 0x80 : 0) | (exponent << 4) | mantissa) ^ 0x55;
}

/** G.711 A-law: one byte to its sample. */
export function fromAlaw(byte) {
  const bits = byte ^ 0x55;
  const exponent = (bits >> 4) & 7;
  const mantissa = ((bits & 15) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
  return (bits & 0x80 ? magnitude : -magnitude) / 32768;
}
