// What a telephone of others writes down while it hears it: a WAV file that grows, whose header counts nothing until its end.
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { isTone, loudness } from "./sound.mjs";
import { until } from "./wait.mjs";

const RATE = 8000;
const HEADER = 44;
const NOW_SAMPLES = 0.3 * RATE;

export class GrowingWav {
  #who;
  #directory;
  #name;

  /** The file in `directory` that was written to last, of those whose name matches `name`: 8000 Hz, mono, 16 bit. */
  constructor(who, directory, name) {
    this.#who = who;
    this.#directory = directory;
    this.#name = name;
  }

  /** The last moment of it, or nothing while there is too little. */
  async #now() {
    const paths = (await readdir(this.#directory)).filter((one) => this.#name.test(one)).map((one) => join(this.#directory, one));
    const files = await Promise.all(paths.map(async (path) => ({ path, at: (await stat(path)).mtimeMs })));
    const newest = files.toSorted((one, other) => one.at - other.at).at(-1);
    if (!newest) throw new Error("nothing is written down yet");
    const file = await open(newest.path);
    try {
      const samples = Math.floor(((await file.stat()).size - HEADER) / 2);
      if (samples < NOW_SAMPLES) throw new Error(`${Math.max(0, samples)} samples were written down`);
      const { buffer } = await file.read(Buffer.alloc(NOW_SAMPLES * 2), 0, NOW_SAMPLES * 2, HEADER + (samples - NOW_SAMPLES) * 2);
      return Float32Array.from({ length: NOW_SAMPLES }, (_, n) => buffer.readInt16LE(n * 2) / 32768);
    } finally {
      await file.close();
    }
  }

  async hears(hz, options) {
    return until(`${this.#who} hears ${hz} Hz`, async () => isTone(await this.#now(), RATE, hz), options);
  }

  async hearsSomething(options) {
    return until(`${this.#who} hears something`, async () => loudness(await this.#now()) > 0.01, options);
  }
}
