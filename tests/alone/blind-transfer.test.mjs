// A call is given away unseen: to somebody who answers, and to somebody who does not, from whom it comes back before all others.
import assert from "node:assert/strict";
import { Callee } from "../support/callee.mjs";
import { Caller } from "../support/caller.mjs";
import { people } from "../support/city.mjs";
import { tellsOfNoCaller } from "../support/discretion.mjs";
import { Exchange } from "../support/exchange.mjs";
import { announcements, callWhen, newestCall, onShift, openHouse, sealed, steps } from "../support/house.mjs";
import { heardAsRecorded } from "../support/recorded.mjs";
import { until } from "../support/wait.mjs";
import { scenario } from "../support/world.mjs";

const HZ = { caller: 620, ayu: 1000, party: 1800, older: 780, waiting: 540, ringback: 425 };
const ALL = Object.values(HZ);
const [GOOD, BUSY, AWAY] = ["0778113", "0778114", "0778115"];
const TESTS = { name: "tests", peers: ["127.0.0.1/32"] };

/** Who has had a call that was given away unseen for so long has spoken with the caller. */
const SPOKEN_MS = 15_500;

scenario("a call that is given away comes back from who puts down at once, rings elsewhere, is answered, and ends with whoever has it", async (world) => {
  const exchange = await Exchange.open(world);
  const closed = await Callee.wait(world, { scenario: "telephone", exchange, number: AWAY, voice: HZ.party });
  const party = await Callee.wait(world, { scenario: "telephone", exchange, number: GOOD, voice: HZ.party });
  const siaga = await openHouse(world, { sip: { trunk: [TESTS, exchange.trunk] } });
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const caller = await Caller.dial(world, siaga.sip, { voice: HZ.caller });
  await ayu.rings();
  await ayu.answer();
  await caller.hearsJust([HZ.ayu], ALL);
  const { id } = await newestCall(supervisor);

  // Somebody picks up, says that they are closed, and hangs up: the caller is not alone.
  await ayu.callsIn(AWAY, "blind");
  await closed.picksUp();
  await caller.hearsJust([HZ.party], ALL);
  await closed.hangsUp();
  await ayu.rings();
  await ayu.answer();
  await caller.hearsJust([HZ.ayu], ALL);

  // The operator is free at once; the caller hears it ring.
  await ayu.callsIn(GOOD, "blind");
  await ayu.seesOwnState("ready");
  await party.rings();
  const given = Date.now();
  await caller.hears(HZ.ringback);
  assert.equal((await supervisor.ask("GET", `calls/${id}`)).call.state, "transferring");

  await party.picksUp();
  await caller.hearsJust([HZ.party], ALL);
  const taken = Date.now();
  await party.hearsJust([HZ.caller], ALL);
  await ayu.hearsNothing();
  assert.deepEqual(caller.heard.between(given, Date.now(), [HZ.ayu]), [], "the operator is not heard any more");
  await callWhen(supervisor, id, "is with the party", ({ call }) => call.state === "transferred");

  await until("they have spoken", () => Date.now() - taken > SPOKEN_MS, { within: 30_000 });
  await party.hangsUp();
  await caller.ended();
  const detail = await sealed(supervisor, id);
  assert.equal(detail.call.ended_by, "party");
  assert.deepEqual(steps(detail), [
    "call.arrived", "call.offered", "call.answered",
    "call.party_dialled", "call.transferred", "call.party_joined", "call.party_left", "call.requeued", "call.offered", "call.answered",
    "call.party_dialled", "call.transferred", "call.party_joined", "call.party_left", "call.ended",
  ]);
  assert.deepEqual(detail.timeline.filter(({ kind }) => kind === "call.party_left").map(({ data }) => data.why), ["hung_up", "hung_up"]);
  await heardAsRecorded(supervisor, detail, { caller, voice: HZ.caller, others: [HZ.ayu, HZ.party] });
  await tellsOfNoCaller(siaga);
});

scenario("a call that nobody takes where it was given comes back before older ones", async (world) => {
  const exchange = await Exchange.open(world);
  await Callee.wait(world, { scenario: "busy", exchange, number: BUSY });
  const away = await Callee.wait(world, { scenario: "unanswered", exchange, number: AWAY });
  const siaga = await openHouse(world, {
    sip: { trunk: [TESTS, exchange.trunk] },
    queue: { announcements: await announcements(world, { waiting: HZ.waiting, position: HZ.waiting, 1: HZ.waiting, 2: HZ.waiting }) },
  });
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const caller = await Caller.dial(world, siaga.sip, { voice: HZ.caller });
  await ayu.rings();
  await ayu.answer();
  await caller.hearsJust([HZ.ayu], ALL);
  const { id } = await newestCall(supervisor);
  const rung = () => ayu.at("ring-banner").getAttribute("data-call");

  // Busy: the operator who is free again is rung for it, hears the same caller, and gives it away once more.
  await ayu.callsIn(BUSY, "blind");
  await ayu.rings();
  assert.equal(await rung(), id);
  await ayu.answer();
  await caller.hearsJust([HZ.ayu], ALL);
  await ayu.hearsJust([HZ.caller], ALL);
  await ayu.callsIn(AWAY, "blind");
  await away.rings();
  await caller.hears(HZ.ringback);

  // While it rings there the operator pauses, and another caller waits.
  await pause(ayu);
  const older = await Caller.dial(world, siaga.sip, { number: "+628117705678", voice: HZ.older });
  await older.hearsJust([HZ.waiting], ALL);
  const { id: olderId } = await newestCall(supervisor);
  const [first, second] = [await arrival(id), await arrival(olderId)];
  assert.ok(first < second);

  // Nobody is there: both wait, and the one that was spoken with is first.
  await away.isNotThere();
  await away.ended();
  await callWhen(supervisor, id, "waits again", ({ call }) => call.state === "waiting");
  await caller.hearsJust([HZ.waiting], ALL);
  await ayu.at("become-ready").click();
  await ayu.rings();
  assert.equal(await rung(), id, "the call that came back rings first");
  await ayu.answer();
  await caller.hearsJust([HZ.ayu], ALL);
  await caller.hangUp();
  await ayu.rings();
  assert.equal(await rung(), olderId, "then the other");
  await ayu.answer();
  await older.hearsJust([HZ.ayu], ALL);
  await older.hangUp();

  const detail = await callWhen(supervisor, id, "is over", ({ call }) => call.state === "ended");
  assert.deepEqual(steps(detail), [
    "call.arrived", "call.offered", "call.answered",
    "call.party_dialled", "call.transferred", "call.party_left", "call.requeued", "call.offered", "call.answered",
    "call.party_dialled", "call.transferred", "call.party_left", "call.requeued", "call.offered", "call.answered",
    "call.ended",
  ]);
  assert.deepEqual(detail.timeline.filter(({ kind }) => kind === "call.party_left").map(({ data }) => data.why), ["not_answered", "not_answered"]);

  async function arrival(call) {
    return Date.parse((await supervisor.ask("GET", `calls/${call}`)).call.arrived_at);
  }
});

async function pause(operator) {
  await operator.at("pause").click();
  await operator.page.getByRole("menuitem", { name: /istirahat/i }).first().click();
  await operator.seesOwnState("paused");
}
