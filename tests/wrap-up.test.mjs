// After a call there is time to write it up: no call rings until it is over, or until the operator says so.
import assert from "node:assert/strict";
import { Caller } from "./support/caller.mjs";
import { people } from "./support/city.mjs";
import { onShift, openHouse } from "./support/house.mjs";
import { scenario } from "./support/world.mjs";

// Long enough for a browser of a busy machine to show it.
const WRAP_UP_S = 12;

scenario("the next call waits until the last one is written up", async (world) => {
  const siaga = await openHouse(world, { queue: { wrap_up_seconds: WRAP_UP_S } });
  const live = await (await siaga.as(people.ayu)).live(world);
  const ayu = await onShift(world, siaga, "ayu");
  const offered = (number) => live.next("offered", ({ call }) => call.number === number);
  await talksWith(ayu, await Caller.dial(world, siaga.sip, { number: "+628117707301" }));
  await ayu.seesOwnState("wrap_up");
  const over = Date.now();
  const waiting = await Caller.dial(world, siaga.sip, { number: "+628117707302" });
  await waiting.hearsSomething();
  const { operator: { state: { until } } } = await live.next("operator", ({ operator }) => operator.state.state === "wrap_up");
  const { heardAt } = await offered("+628117707302");
  assert.ok(heardAt >= Date.parse(until), `it rings ${heardAt - Date.parse(until)} ms after the time is up`);
  assert.ok(Date.parse(until) - over <= WRAP_UP_S * 1_000);
  await ayu.rings();
  await talksWith(ayu, waiting);

  // Whoever is done sooner says so, and has the next call at once.
  await ayu.seesOwnState("wrap_up");
  const next = await Caller.dial(world, siaga.sip, { number: "+628117707303" });
  await next.hearsSomething();
  assert.equal(await ayu.at("ring-banner").isVisible(), false);
  const done = Date.now();
  await ayu.at("become-ready").click();
  assert.ok((await offered("+628117707303")).heardAt - done < WRAP_UP_S * 500, "at once");
  await next.hangUp();
});

async function talksWith(ayu, caller) {
  await ayu.rings();
  await ayu.answer();
  await caller.hears(1000);
  await ayu.hangUp();
  await caller.ended();
}
