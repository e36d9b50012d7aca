// A call's recording against what passed on the wire: who was heard by the caller, and when.
import assert from "node:assert/strict";
import { readWav, toneStretches } from "./sound.mjs";

/** How far a moment in the recording may be from the moment on the wire: a piece of measurement, and the wait for late packets. */
const TOLERANCE_S = 0.5;

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
    const recorded = toneStretches(right, rate, hz);
    const heard = caller.heard.stretches(hz).map(({ from, to }) => ({ from: (from - started) / 1000, to: (to - started) / 1000 }));
    assert.ok(heard.length > 0, `${hz} Hz was heard by the caller`);
    const same = recorded.length === heard.length
      && recorded.every(({ from, to }, n) => Math.abs(from - heard[n].from) < TOLERANCE_S && Math.abs(to - heard[n].to) < TOLERANCE_S);
    assert.ok(same, `${hz} Hz is recorded at ${told(recorded)} as it was heard at ${told(heard)}; of ${seconds.toFixed(1)} s`);
  }
}

function told(stretches) {
  return stretches.filter(Boolean).map(({ from, to }) => `${from.toFixed(1)}-${to.toFixed(1)}`).join(" ") || "no time";
}
