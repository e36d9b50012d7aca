// An operator does not answer: the call moves on to the next one, and the supervisor hears of it.
import assert from "node:assert/strict";
import { Caller } from "./support/caller.mjs";
import { people } from "./support/city.mjs";
import { newestCall, onShift, openHouse } from "./support/house.mjs";
import { scenarioOnBoth } from "./support/world.mjs";

scenarioOnBoth("an unanswered call rings at the second operator", async (world) => {
  const siaga = await openHouse(world, { queue: { ring_seconds: 3 } });
  const supervisor = await siaga.as(people.citra);
  const live = await supervisor.live(world);
  const ayu = await onShift(world, siaga, "ayu");
  const bagus = await onShift(world, siaga, "bagus");

  // Ayu has been idle for longer, so it rings at her first, and only at her.
  const caller = await Caller.dial(world, siaga.sip, {});
  await ayu.rings();
  assert.equal(await bagus.at("ring-banner").isVisible(), false);

  await bagus.rings({ timeout: 15_000 });
  await ayu.doesNotRing();
  const { alarm } = await live.next("alarm", ({ alarm: { kind } }) => kind.kind === "unanswered");
  assert.equal(alarm.kind.operator_name, people.ayu.name);

  await bagus.answer();
  await caller.hears(1400);
  await bagus.hears(620);
  assert.equal((await newestCall(supervisor)).operator_name, people.bagus.name);
  await bagus.hangUp();
  await caller.ended();
});
