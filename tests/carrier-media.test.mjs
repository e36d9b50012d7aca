// What carriers do with the voice during a call: put it on hold, offer pictures as well, keep the session alive.
import assert from "node:assert/strict";
import { Caller } from "./support/caller.mjs";
import { people } from "./support/city.mjs";
import { newestCall, onShift, openHouse, sealed } from "./support/house.mjs";
import { readWav, toneStretches } from "./support/sound.mjs";
import { until } from "./support/wait.mjs";
import { scenario } from "./support/world.mjs";

const CALLER_HZ = 620;
const OPERATOR_HZ = 1000;
const RINGBACK_HZ = 425;

scenario("a caller's telephone puts the call on hold and comes back, and both are heard again", async (world) => {
  const siaga = await openHouse(world);
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const caller = await Caller.dial(world, siaga.sip, { scenario: "holding", voice: CALLER_HZ });
  await ayu.rings();
  // It rings in the caller's ear before there is an answer: early media.
  await caller.hears(RINGBACK_HZ);
  assert.equal(caller.answers.some(({ code }) => code === 200), false);
  assert.match(described(caller, 183), /^m=audio [1-9]\d* RTP\/AVP 8/m);
  await ayu.answer();
  await heardBy({ ayu, caller });

  await caller.sign();
  await until("the hold is agreed", () => answersTo(caller, 2).length === 1);
  assert.match(answersTo(caller, 2)[0].text, /^a=recvonly/m, "who is on hold does not speak");
  await caller.hearsNothing();
  await ayu.hears(CALLER_HZ);
  await caller.sign();
  await until("the end of the hold is agreed", () => answersTo(caller, 3).length === 1);
  assert.match(answersTo(caller, 3)[0].text, /^a=sendrecv/m);
  await heardBy({ ayu, caller });
  await ayu.hangUp();
  await caller.ended();
  const { id } = await newestCall(supervisor);
  await sealed(supervisor, id);
  const { channels: [left, right], rate } = readWav((await supervisor.get(`calls/${id}/recording.wav`)).bytes);
  assert.equal(toneStretches(left, rate, CALLER_HZ, { bridging: 1 }).length, 1, "the caller is recorded without a break");
  assert.ok(toneStretches(right, rate, OPERATOR_HZ).length >= 1, "the operator is recorded as well");
});

scenario("pictures are declined, voice and text are taken, and the caller's network keeps the session alive", async (world) => {
  const siaga = await openHouse(world);
  const ayu = await onShift(world, siaga, "ayu");
  const caller = await Caller.dial(world, siaga.sip, {
    scenario: "refreshing", voice: CALLER_HZ,
    headers: ["Session-Expires: 90;refresher=uac", "Min-SE: 90"],
    sdp: ["m=video 40000 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=sendrecv", "m=text 40002 RTP/AVP 98", "a=rtpmap:98 t140/1000"],
  });
  await ayu.rings();
  await ayu.answer();
  await heardBy({ ayu, caller });
  const answer = described(caller, 200);
  const declined = [...answer.matchAll(/^m=(\w+) (\d+)/gm)].map(([, kind, port]) => [kind, port === "0"]);
  assert.deepEqual(declined, [["audio", false], ["video", true], ["text", false]]);
  assert.match(answer, /^Session-Expires: *90;refresher=uac/mi);

  // The refresh changes nothing, is agreed to, and both are heard as before.
  await caller.sign();
  await until("the refresh is agreed", () => answersTo(caller, 2, "UPDATE").length === 1);
  const [refreshed] = answersTo(caller, 2, "UPDATE");
  assert.equal(refreshed.code, 200);
  assert.match(refreshed.text, /^Session-Expires: *90;refresher=uac/mi);
  await heardBy({ ayu, caller }, { since: refreshed.at });
  await caller.hangUp();
});

async function heardBy({ ayu, caller }, { since = Date.now() } = {}) {
  await caller.hears(OPERATOR_HZ, { since });
  await ayu.hears(CALLER_HZ);
}

/** The first answer to the INVITE with this code. */
function described(caller, code) {
  return caller.answers.find((one) => one.code === code).text;
}

/** The final answers to the request of this number. */
function answersTo(caller, number, method = "INVITE") {
  return caller.replies.filter(({ code, text }) => code >= 200 && new RegExp(`^CSeq: *${number} ${method}`, "im").test(text));
}
