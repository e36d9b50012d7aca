// A call's recording against what passed on the wire: who was heard by the caller, and when.
import assert from "node:assert/strict";
import { readWav, toneStretches } from "./sound.mjs";

/** For how long recording and wire may differ: a piece of measurement at either end, and the wait for late packets. */
const TOLERANCE_S = 0.4;
const STEP_S = 0.05;
/** Much shorter than that, so that a short pause is one in both or hardly differs. */
const FINE = { bridging: 0.15 };

/**
 * The recording of a call has the caller (`voice`) on the left from the answer to the end without a hole, and on the right each of
 * `others` at the times at which the caller heard it.
 */
export async function heardAsRecorded(api, { call, recording }, { caller, voice, others }) {
  const { bytes } = await api.get(`calls/${call.id}/recording.wav`);
  const { channels: [left, right], rate, seconds } = readWav(bytes);
  const [whole, ...more] = toneStretches(left, rate, voice);
  assert.ok(whole && more.length === 0, `the caller is recorded in one piece: ${told([whole, ...more])}`);
  const started = Date.parse(recording.started_at);
  assert.ok(whole.from < (Date.parse(call.answered_at) - started) / 1000 + 1, `from the answer on: ${told([whole])}`);
  assert.ok(whole.to > seconds - 1, `to the end: ${told([whole])} of ${seconds}`);
  for (const hz of others) {
    assert.equal(toneStretches(left, rate, hz).length, 0, `${hz} Hz is not on the caller's side`);
    const recorded = toneStretches(right, rate, hz, FINE);
    const heard = caller.heard.stretches(hz, FINE)
      .map(({ from, to }) => ({ from: (from - started) / 1000, to: (to - started) / 1000 }));
    assert.ok(heard.length > 0, `${hz} Hz was heard by the caller`);
    const differs = longestDifference(recorded, heard, seconds);
    assert.ok(differs < TOLERANCE_S,
      `${hz} Hz is recorded at ${told(recorded)} as it was heard at ${told(heard)}, but for ${differs.toFixed(1)} s in one piece`);
  }
}

/** The longest time, in seconds, for which one of two lists of stretches covers what the other does not. */
function longestDifference(some, others, seconds) {
  const covers = (list, at) => list.some(({ from, to }) => from <= at && at < to);
  let [longest, run] = [0, 0];
  for (let at = 0; at < seconds; at += STEP_S) {
    run = covers(some, at) === covers(others, at) ? 0 : run + STEP_S;
    longest = Math.max(longest, run);
  }
  return longest;
}

function told(stretches) {
  return stretches.filter(Boolean).map(({ from, to }) => `${from.toFixed(1)}-${to.toFixed(1)}`).join(" ") || "no time";
}
