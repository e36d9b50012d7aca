// One person at two machines: the headset is at the newer one and stays there, also in the middle of a call, and comes back only by a click.
import assert from "node:assert/strict";
import { Caller } from "./support/caller.mjs";
import { people } from "./support/city.mjs";
import { onShift, openHouse } from "./support/house.mjs";
import { Operator } from "./support/operator.mjs";
import { until } from "./support/wait.mjs";
import { scenario } from "./support/world.mjs";

const headset = (operator) => operator.at("connection-headset").getAttribute("data-connection");

scenario("two machines of one operator do not take the headset from each other", async (world) => {
  const siaga = await openHouse(world);
  const desk = await onShift(world, siaga, "ayu");
  const caller = await Caller.dial(world, siaga.sip, {});
  await desk.rings();
  await desk.answer();
  await caller.hears(1000);

  // The same person signs in at another machine: the call's sound moves there.
  const laptop = await Operator.open(world, siaga, { person: people.ayu, voice: 1400 });
  await laptop.signIn(people.ayu);
  await laptop.talking();
  await laptop.mediaConnected();
  await caller.hears(1400);
  await desk.at("headset-elsewhere").waitFor();

  // Long enough for a page that would take it back by itself.
  const moved = Date.now();
  await until("a while has passed", () => Date.now() - moved > 12_000, { within: 15_000 });
  assert.deepEqual([await headset(desk), await headset(laptop)], ["elsewhere", "connected"]);
  await caller.hears(1400, { since: Date.now() });

  await desk.at("use-here").click();
  await desk.mediaConnected();
  await caller.hears(1000, { since: Date.now() });
  await laptop.at("headset-elsewhere").waitFor();
  await caller.hangUp();
});
