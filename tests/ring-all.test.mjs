// Where all ring, the first has the call, and the others are free for the next one.
import assert from "node:assert/strict";
import { Caller } from "./support/caller.mjs";
import { people } from "./support/city.mjs";
import { newestCall, onShift, openHouse } from "./support/house.mjs";
import { scenario } from "./support/world.mjs";

scenario("a call rings at all who are ready, and stops at all when one answers", async (world) => {
  const siaga = await openHouse(world, { queue: { strategy: "ring-all" } });
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const bagus = await onShift(world, siaga, "bagus");
  const caller = await Caller.dial(world, siaga.sip, { number: "+628117707201" });
  await Promise.all([ayu.rings(), bagus.rings()]);
  await bagus.answer();
  await ayu.doesNotRing();
  await caller.hears(1400);
  await bagus.hears(620);
  await ayu.hearsNothing();
  assert.equal((await newestCall(supervisor)).operator_name, people.bagus.name);

  // The next one rings at whoever is left, and at the other as soon as that one is free.
  const next = await Caller.dial(world, siaga.sip, { number: "+628117707202", voice: 800 });
  await ringsFor(ayu, "+628117707202");
  await bagus.hangUp();
  await caller.ended();
  await ringsFor(bagus, "+628117707202");
  await ayu.at("decline").click();
  await ayu.doesNotRing();
  await bagus.answer();
  await next.hears(1400);
  await bagus.hears(800);
  await next.hangUp();
});

async function ringsFor(operator, number) {
  await operator.at("ring-banner").filter({ hasText: number }).waitFor();
}
