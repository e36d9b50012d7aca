// The announcements that callers hear, found again in what was heard: sample by sample, as only the same recording matches.
import { join } from "node:path";
import { loudness, readWavFile } from "./sound.mjs";
import { until } from "./wait.mjs";

const FILES = new URL("../../assets/announcements/", import.meta.url).pathname;
const RATE = 8000;
/** A-law leaves well over nine tenths of a match; another word has less than a third. */
const SAME = 0.85;
/** The loudest part of an announcement, which is looked for first. */
const PROBE = 0.15 * RATE;

/** Waits until the telephone has heard this announcement to its end, in what came after `since` (epoch ms). */
export async function hearsAnnouncement(telephone, language, name, { since = 0, ...options } = {}) {
  const spoken = await announcement(language, name);
  return until(`${telephone.name} hears the announcement ${language}/${name}`, () => {
    const heard = telephone.heard.since(since);
    if (find(heard, spoken)) return true;
    throw new Error(`${(heard.length / RATE).toFixed(1)} s were heard`);
  }, { within: 30_000, ...options });
}

/** Which of these announcements are in what the telephone heard after `since`. */
export async function announcementsHeard(telephone, language, names, { since = 0 } = {}) {
  const heard = telephone.heard.since(since);
  const all = await Promise.all(names.map(async (name) => ({ name, is: find(heard, await announcement(language, name)) })));
  return all.filter(({ is }) => is).map(({ name }) => name);
}

async function announcement(language, name) {
  const { channels: [samples] } = await readWavFile(join(FILES, language, `${name}.wav`));
  return samples;
}

function find(heard, spoken) {
  const from = loudest(spoken);
  const probe = spoken.subarray(from, from + PROBE);
  for (let at = from; at + spoken.length - from <= heard.length; at += 1) {
    if (agreement(heard, at, probe) > SAME && agreement(heard, at - from, spoken) > SAME) return true;
  }
  return false;
}

function loudest(samples) {
  const starts = Array.from({ length: Math.floor(samples.length / PROBE) }, (_, n) => n * PROBE);
  const level = (at) => loudness(samples.subarray(at, at + PROBE));
  return starts.toSorted((one, other) => level(other) - level(one))[0];
}

/** The correlation of a part of `heard` with `wanted`, from -1 to 1. */
function agreement(heard, at, wanted) {
  let [both, one, other] = [0, 0, 0];
  for (let n = 0; n < wanted.length; n += 1) {
    both += heard[at + n] * wanted[n];
    one += heard[at + n] * heard[at + n];
    other += wanted[n] * wanted[n];
  }
  return one === 0 ? 0 : both / Math.sqrt(one * other);
}
