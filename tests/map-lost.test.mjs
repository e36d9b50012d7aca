// A part of the console breaks while it runs: the map's file is lost on its way. The call rings, is answered and written down all the same,
// and a click brings the map.
import assert from "node:assert/strict";
import { Caller } from "./support/caller.mjs";
import { people } from "./support/city.mjs";
import { newestCall, openHouse } from "./support/house.mjs";
import { Operator } from "./support/operator.mjs";
import { until } from "./support/wait.mjs";
import { scenario } from "./support/world.mjs";

const WORDS = { place: "Nagoya Hill", details: "Pelaku lari ke arah pelabuhan" };

scenario("a console whose map does not load takes calls", async (world) => {
  const siaga = await openHouse(world);
  const supervisor = await siaga.as(people.citra);
  const ayu = await Operator.open(world, siaga, { person: people.ayu, voice: 1000 });
  let lost = true;
  await ayu.page.route(/\/assets\/CityMap-[^/]*\.js/, (route) => (lost ? route.abort() : route.continue()));
  await ayu.ready(people.ayu);
  await ayu.at("map").getByTestId("broken").waitFor();

  const caller = await Caller.dial(world, siaga.sip, {});
  await ayu.rings();
  await ayu.answer();
  await caller.hears(1000);
  await ayu.hears(620);
  await ayu.fill(WORDS);
  const { report } = await newestCall(supervisor);
  const saved = async () => (await supervisor.ask("GET", `reports/${report}`)).fields.details === WORDS.details;
  await until("the form is saved", saved);

  // The page is loaded again in the middle of the call, as the words on the map's place say.
  lost = false;
  await ayu.at("map").getByTestId("broken").getByRole("button").click();
  const since = Date.now();
  await ayu.at("map").locator("canvas").waitFor();
  await ayu.talking();
  await caller.hears(1000, { since });
  assert.equal((await ayu.form()).details, WORDS.details);
  await ayu.hangUp();
  await caller.ended();
});
