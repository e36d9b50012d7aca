// The caller's telephone puts the call on hold in the middle of a conference, and takes it back: the others go on.
import assert from "node:assert/strict";
import { Callee } from "../support/callee.mjs";
import { Caller } from "../support/caller.mjs";
import { people } from "../support/city.mjs";
import { Exchange } from "../support/exchange.mjs";
import { newestCall, onShift, openHouse, sealed } from "../support/house.mjs";
import { heardAsRecorded } from "../support/recorded.mjs";
import { until } from "../support/wait.mjs";
import { scenario } from "../support/world.mjs";

const HZ = { caller: 620, operator: 1000, party: 1800 };
const ALL = Object.values(HZ);
const NUMBER = "0778113";

scenario("a caller who holds a conference hears nobody meanwhile, and everybody afterwards", async (world) => {
  const exchange = await Exchange.open(world);
  const party = await Callee.wait(world, { scenario: "telephone", exchange, number: NUMBER, voice: HZ.party });
  const siaga = await openHouse(world, { sip: { trunk: [{ name: "tests", peers: ["127.0.0.1/32"] }, exchange.trunk] } });
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const caller = await Caller.dial(world, siaga.sip, { scenario: "holding", voice: HZ.caller });
  await ayu.rings();
  await ayu.answer();
  await ayu.callsIn(NUMBER, "conference");
  await party.picksUp();
  await everybody();
  const { id } = await newestCall(supervisor);

  // Held: what we send is not wanted (RFC 3264 section 8.4). The caller's own line goes on, as music would.
  await caller.sign();
  const held = await reinvited(1);
  assert.match(held.text, /^a=recvonly\r?$/m, "the answer to sendonly is recvonly");
  await caller.hearsNothing();
  const silent = Date.now();
  await ayu.hearsJust([HZ.caller, HZ.party], ALL);
  await party.hearsJust([HZ.caller, HZ.operator], ALL);
  const { call } = await supervisor.ask("GET", `calls/${id}`);
  assert.deepEqual([call.state, call.parties.map(({ state }) => state)], ["active", ["joined"]]);
  const back = Date.now();
  assert.deepEqual(caller.heard.between(silent, back, ALL), [], "nothing is sent to who holds");

  await caller.sign();
  const resumed = await reinvited(2);
  assert.match(resumed.text, /^a=sendrecv\r?$/m);
  await everybody();
  assert.deepEqual(party.heard.stretches(HZ.operator).length, 1, "the party heard the operator throughout");
  await caller.hangUp();
  await ayu.at("caller-gone").waitFor();
  await ayu.hangUp();
  await party.ended();
  // What the two said meanwhile is evidence, though nobody could hear it on the caller's line.
  await heardAsRecorded(supervisor, await sealed(supervisor, id), {
    caller, voice: HZ.caller, others: [HZ.operator, HZ.party],
    asides: { operator: HZ.operator, parties: [[party, HZ.party]] },
  });

  async function everybody() {
    await caller.hearsJust([HZ.operator, HZ.party], ALL);
    await ayu.hearsJust([HZ.caller, HZ.party], ALL);
    await party.hearsJust([HZ.caller, HZ.operator], ALL);
  }

  /** The answer to the caller's nth INVITE within the call. */
  async function reinvited(nth) {
    return until(`the caller's INVITE ${nth} is answered`, () =>
      caller.answers.find(({ code, text }) => code === 200 && text.match(/^CSeq: *(\d+)/im)[1] === String(nth + 1)));
  }
});
