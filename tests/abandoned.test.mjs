// A caller hangs up while it rings: the ringing stops, it is counted, and the next call rings at once.
import assert from "node:assert/strict";
import { Caller } from "./support/caller.mjs";
import { people } from "./support/city.mjs";
import { callWhen, newestCall, onShift, openHouse } from "./support/house.mjs";
import { scenarioOnBoth } from "./support/world.mjs";

scenarioOnBoth("a caller who hangs up while it rings", async (world) => {
  const siaga = await openHouse(world);
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const caller = await Caller.dial(world, siaga.sip, {});
  await ayu.rings();
  const { id } = await newestCall(supervisor);

  await caller.hangUp();
  await ayu.doesNotRing();
  const { call } = await callWhen(supervisor, id, "is over", (detail) => detail.call.state === "ended");
  assert.equal(call.ended_by, "caller_before_answer");
  assert.equal(call.answered_at, null);
  const { calls, abandoned, answered } = await supervisor.ask("GET", "statistics/today");
  assert.deepEqual({ calls, abandoned, answered }, { calls: 1, abandoned: 1, answered: 0 });

  const next = await Caller.dial(world, siaga.sip, { number: "+628117705678" });
  await ayu.rings();
  await ayu.answer();
  await next.hears(1000);
  await ayu.hears(620);
  await next.hangUp();
});
