// What somebody at a telephone has heard: the samples of each packet that came, with its time.
import { loudness, isTone, toneStretches, tonesIn } from "./sound.mjs";
import { until } from "./wait.mjs";

const RATE = 8000;
/** How much of the newest sound an answer to "what is heard now" looks at. */
const NOW_SAMPLES = 0.3 * RATE;
const SAMPLES_KEPT = 180 * RATE;

export class Heard {
  #who;
  #pieces = [];

  constructor(who) {
    this.#who = who;
  }

  add(at, samples) {
    this.#pieces.push({ at, samples });
    if (this.#pieces.length * 160 > SAMPLES_KEPT) this.#pieces.splice(0, 50);
  }

  get packets() {
    return this.#pieces.length;
  }

  /** When the first sound came, in epoch ms. */
  get firstAt() {
    return this.#pieces[0]?.at;
  }

  /** The sound of the last moment, of what came after `since` (epoch ms), or nothing if too little did. */
  #now(since = 0) {
    const recent = this.#pieces.filter(({ at }) => at > Math.max(since, Date.now() - 500));
    const samples = joined(recent);
    return samples.length >= NOW_SAMPLES ? samples.subarray(samples.length - NOW_SAMPLES) : undefined;
  }

  /** Everything that came after `moment` (epoch ms), one packet after the other. */
  since(moment) {
    return joined(this.#pieces.filter(({ at }) => at > moment));
  }

  async hears(hz, { since, ...options } = {}) {
    return until(`${this.#who} hears ${hz} Hz`, () => {
      const now = this.#now(since);
      if (!now) throw new Error("nothing is heard");
      return isTone(now, RATE, hz);
    }, options);
  }

  /** Of all `among`, these tones and no others. */
  async hearsJust(tones, among, { since, ...options } = {}) {
    return until(`${this.#who} hears ${tones.join(" and ")} Hz and no other voice`, () => {
      const now = this.#now(since);
      if (!now) throw new Error("nothing is heard");
      return agree(tonesIn(now, RATE, among), tones);
    }, options);
  }

  /** Anything audible: an announcement, ringback. */
  async hearsSomething(options) {
    return until(`${this.#who} hears something`, () => {
      const now = this.#now();
      return now && loudness(now) > 0.01;
    }, options);
  }

  async hearsNot(hz, options) {
    return until(`${this.#who} no longer hears ${hz} Hz`, () => {
      const now = this.#now();
      return !now || !isTone(now, RATE, hz);
    }, options);
  }

  /** Nothing has come for a moment, or nothing audible. */
  async hearsNothing(options) {
    return until(`${this.#who} hears nothing`, () => {
      const now = this.#now();
      return !now || loudness(now) < 0.003;
    }, options);
  }

  /** Those of `tones` that were heard at any time between two moments (epoch ms), even for a third of a second. */
  between(from, to, tones) {
    return tones.filter((hz) => this.stretches(hz).some((one) => Math.min(one.to, to) - Math.max(one.from, from) >= 300));
  }

  /** When a tone was heard: stretches of time, in epoch ms. */
  stretches(hz, options) {
    const { start, samples } = this.#timeline();
    return toneStretches(samples, RATE, hz, options).map(({ from, to }) => ({ from: start + from * 1000, to: start + to * 1000 }));
  }

  /** All that was heard, each packet where it came, with silence where none did. */
  #timeline() {
    const start = this.firstAt ?? 0;
    const last = this.#pieces.at(-1);
    const samples = new Float32Array(last ? Math.ceil((last.at - start) / 1000 * RATE) + last.samples.length : 0);
    // A packet that came late or early by less than a few others is put behind the one before it, as a telephone plays it.
    let end = 0;
    for (const piece of this.#pieces) {
      const came = Math.round((piece.at - start) / 1000 * RATE);
      const at = Math.abs(came - end) < 0.1 * RATE ? end : came;
      samples.set(piece.samples.subarray(0, Math.max(0, samples.length - at)), Math.min(at, samples.length));
      end = at + piece.samples.length;
    }
    return { start, samples };
  }
}

/** Whether two lists name the same tones. */
export function agree(some, others) {
  return some.length === others.length && some.every((one) => others.includes(one));
}

function joined(pieces) {
  return Float32Array.from(pieces.flatMap(({ samples }) => [...samples]));
}
