// The announcements that callers hear, found again in what was heard: sample by sample, as only the same recording matches.
import { join } from "node:path";
import { loudness, readWavFile } from "./sound.mjs";
import { until } from "./wait.mjs";

const FILES = new URL("../../assets/announcements/", import.meta.url).pathname;
const RATE = 8000;
/** A-law leaves well over nine tenths of a match; another word has less than a third. */
const SAME = 0.85;
/** Announcements are looked for piece by piece: on a machine that is short of time siaga leaves out frames rather than be late. */
const PIECE = 0.25 * RATE;
/** The part of a piece that is compared first, because it is quicker. */
const PROBE = 0.03 * RATE;
const AUDIBLE = 0.01;
const ENOUGH = 0.75;

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

/** Whether most of the audible pieces are there, in their order, with no more than what was left out between them. */
function find(heard, spoken) {
  const pieces = Array.from({ length: Math.floor(spoken.length / PIECE) }, (_, n) => n * PIECE)
    .map((at) => ({ at, samples: spoken.subarray(at, at + PIECE) }))
    .filter(({ samples }) => loudness(samples) > AUDIBLE);
  const wanted = Math.ceil(ENOUGH * pieces.length);
  // The first piece of those that are there may be any that leaves enough.
  return pieces.slice(0, pieces.length - wanted + 1).some((first, nth) => {
    let start = search(heard, first.samples, 0, heard.length);
    while (start !== undefined && following(heard, pieces.slice(nth), start) < wanted) start = search(heard, first.samples, start + 1, heard.length);
    return start !== undefined;
  });
}

/** How many of these pieces are there, the first of them at `start`. */
function following(heard, pieces, start) {
  let [found, last, at] = [1, pieces[0], start];
  for (const piece of pieces.slice(1)) {
    const inTime = at + piece.at - last.at;
    const here = agreement(heard, inTime, piece.samples) > SAME ? inTime : search(heard, piece.samples, at + PIECE / 2, inTime);
    if (here !== undefined) [found, last, at] = [found + 1, piece, here];
  }
  return found;
}

/** The first place of `wanted` from `from` on, before `to`. */
function search(heard, wanted, from, to) {
  const middle = (wanted.length - PROBE) / 2;
  const probe = wanted.subarray(middle, middle + PROBE);
  for (let at = from; at < Math.min(to, heard.length - wanted.length + 1); at += 1) {
    if (agreement(heard, at + middle, probe) > SAME && agreement(heard, at, wanted) > SAME) return at;
  }
  return undefined;
}

/** The correlation of a part of `heard` with `wanted`, from -1 to 1. */
function agreement(heard, at, wanted) {
  if (at + wanted.length > heard.length) return 0;
  let [both, one, other] = [0, 0, 0];
  for (let n = 0; n < wanted.length; n += 1) {
    both += heard[at + n] * wanted[n];
    one += heard[at + n] * heard[at + n];
    other += wanted[n] * wanted[n];
  }
  return one === 0 ? 0 : both / Math.sqrt(one * other);
}
