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
 * `others` at the times at which the caller heard it. In consultations, `asides`, it has in place of the `hold` that the caller hears
 * the `operator` and whoever of `parties` (pairs of a callee and its tone) heard the operator. A caller who left the others is there
 * until then.
 */
export async function heardAsRecorded(api, { call, recording, timeline }, { caller, voice, others, asides }) {
  const { bytes } = await api.get(`calls/${call.id}/recording.wav`);
  const { channels: [left, right], rate, seconds } = readWav(bytes);
  const [whole, ...more] = toneStretches(left, rate, voice);
  assert.ok(whole && more.length === 0, `the caller is recorded in one piece: ${told([whole, ...more])}`);
  const started = Date.parse(recording.started_at);
  assert.ok(whole.from < (Date.parse(call.answered_at) - started) / 1000 + 1, `from the answer on: ${told([whole])}`);
  const leaves = timeline.find(({ kind }) => kind === "call.caller_gone");
  const until = leaves ? (Date.parse(leaves.at) - started) / 1000 : seconds;
  assert.ok(Math.abs(whole.to - until) < 1, `to the end: ${told([whole])} of ${until}`);
  for (const hz of others) {
    assert.equal(toneStretches(left, rate, hz).length, 0, `${hz} Hz is not on the caller's side`);
    const recorded = toneStretches(right, rate, hz, FINE);
    const heard = heardBy(caller, hz);
    const aside = besides(hz);
    assert.ok(heard.length + aside.length > 0, `${hz} Hz was heard`);
    const expected = (at) => hz === asides?.hold
      ? covers(heard, at) && !covers(aside, at)
      : covers(heard, at) || covers(aside, at);
    const differs = longestDifference((at) => covers(recorded, at), expected, seconds);
    assert.ok(differs < TOLERANCE_S, `${hz} Hz is recorded at ${told(recorded)} as the caller heard it at ${told(heard)}` +
      ` and others at ${told(aside)}, but for ${differs.toFixed(1)} s in one piece`);
  }

  function heardBy(one, hz) {
    return one.heard.stretches(hz, FINE).map(({ from, to }) => ({ from: (from - started) / 1000, to: (to - started) / 1000 }));
  }

  /** When `hz` takes part in what is said beside the caller. */
  function besides(hz) {
    const { parties = [], operator, hold } = asides ?? {};
    const there = parties.filter(([, tone]) => [tone, operator, hold].includes(hz));
    return there.flatMap(([party]) => heardBy(party, operator));
  }
}

function covers(list, at) {
  return list.some(({ from, to }) => from <= at && at < to);
}

/** The longest time, in seconds, for which the two say different things. */
function longestDifference(some, others, seconds) {
  let [longest, run] = [0, 0];
  for (let at = 0; at < seconds; at += STEP_S) {
    run = some(at) === others(at) ? 0 : run + STEP_S;
    longest = Math.max(longest, run);
  }
  return longest;
}

function told(stretches) {
  return stretches.filter(Boolean).map(({ from, to }) => `${from.toFixed(1)}-${to.toFixed(1)}`).join(" ") || "no time";
}
