// An operator does not answer: the call moves on to the next one, and the supervisor hears of it.
import assert from "node:assert/strict";
import { Caller } from "./support/caller.mjs";
import { people } from "./support/city.mjs";
import { newestCall, onShift, openHouse } from "./support/house.mjs";
import { scenario } from "./support/world.mjs";

// Long enough for a browser of a busy machine to answer in.
const RING_S = 15;
const MOMENT_MS = 200;

scenario("an unanswered call rings at the second operator", async (world) => {
  const siaga = await openHouse(world, { queue: { ring_seconds: RING_S } });
  const supervisor = await siaga.as(people.citra);
  const live = await supervisor.live(world);
  const ayu = await onShift(world, siaga, "ayu");
  const bagus = await onShift(world, siaga, "bagus");

  const caller = await Caller.dial(world, siaga.sip, {});
  await ayu.rings();
  await bagus.rings();
  await ayu.doesNotRing();
  const { alarm } = await live.next("alarm", ({ alarm: { kind } }) => kind.kind === "unanswered");
  assert.equal(alarm.kind.operator_name, people.ayu.name);

  await bagus.answer();
  await caller.hears(1400);
  await bagus.hears(620);
  const { id, operator_name: name } = await newestCall(supervisor);
  assert.equal(name, people.bagus.name);
  // Ayu had been idle for longer, so it rang at her first, and only at her until her time was up.
  const offers = (await supervisor.ask("GET", `calls/${id}`)).timeline.filter(({ kind }) => kind === "call.offered");
  assert.deepEqual(offers.map(({ data }) => data.operator_name), [people.ayu.name, people.bagus.name]);
  const [first, second] = offers.map(({ at }) => Date.parse(at));
  // Each is noted a moment after it rings.
  assert.ok(second - first > RING_S * 1_000 - MOMENT_MS, `it rang at Bagus ${second - first} ms after it rang at Ayu`);
  await bagus.hangUp();
  await caller.ended();
});

scenario("an operator who is away is paused, sees why on coming back, also after a reload, and takes calls again", async (world) => {
  const siaga = await openHouse(world, { queue: { ring_seconds: 3 } });
  const ayu = await onShift(world, siaga, "ayu");
  const bagus = await onShift(world, siaga, "bagus");
  const caller = await Caller.dial(world, siaga.sip, {});
  await ayu.seesOwnState("paused", { within: 40_000 });
  await ayu.at("my-state").getByText(/tiga kali berdering tanpa dijawab/).waitFor();
  await ayu.reload();
  await ayu.seesOwnState("paused");

  // The other one is rung on and on.
  await bagus.rings();
  await bagus.answer();
  await caller.hears(1400);
  await ayu.at("become-ready").click();
  await ayu.seesOwnState("ready");
  await caller.hangUp();
});
