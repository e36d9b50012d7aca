// The main job without a mouse, by the keys that F1 lists; and what axe says of the screens on the way.
import assert from "node:assert/strict";
import { Caller } from "./support/caller.mjs";
import { importCity, people, teamNamed } from "./support/city.mjs";
import { newestCall, openHouse } from "./support/house.mjs";
import { Operator } from "./support/operator.mjs";
import { Telegram } from "./support/telegram.mjs";
import { until } from "./support/wait.mjs";
import { scenario } from "./support/world.mjs";

const WORDS = {
  place: ["Alt+1", "Pasar Jodoh"],
  event: ["Alt+2", "Kebakaran kios"],
  name: ["Alt+4", "Siti"],
  details: ["Alt+6", "Dua orang di atas"],
};

scenario("the main job by keyboard alone, on accessible screens", async (world) => {
  const telegram = await Telegram.start(world);
  const siaga = await openHouse(world, { telegram: telegram.settings, before: importCity });
  const supervisor = await siaga.as(people.citra);
  const ayu = await Operator.open(world, siaga, { person: people.ayu });
  await ayu.at("username").waitFor();
  await ayu.accessible("sign-in");

  await ayu.tabTo("username");
  await ayu.type(people.ayu.username);
  await ayu.tabTo("password");
  await ayu.type(people.ayu.password);
  await ayu.press("Enter");
  await ayu.at("start-shift").waitFor();
  await ayu.accessible("the start of a shift");
  await ayu.tabTo("start-shift");
  await ayu.press("Enter");
  await until("the headset is tested", () => ayu.at("shift-ready").isEnabled(), { within: 20_000 });
  await ayu.accessible("the test of the headset");
  await ayu.tabTo("shift-ready");
  await ayu.press("Enter");
  await ayu.at("shift-ready").waitFor({ state: "hidden" });
  await ayu.accessible("the idle console");

  const caller = await Caller.dial(world, siaga.sip, {});
  await ayu.rings();
  await ayu.accessible("the ringing console");
  await ayu.press("F2");
  await ayu.talking();
  await caller.hears(1000);

  const { report } = await newestCall(supervisor);
  for (const [key, words] of Object.values(WORDS)) {
    await ayu.press(key);
    await ayu.type(words);
  }
  await ayu.press("Alt+3");
  await ayu.press("1");
  const { fields } = await until("what was typed is saved", async () => {
    const stored = await supervisor.ask("GET", `reports/${report}`);
    return stored.fields.details === WORDS.details[1] && stored.fields.incident_type && stored;
  });
  assert.deepEqual([fields.place, fields.event, fields.caller_name], [WORDS.place[1], WORDS.event[1], WORDS.name[1]]);
  await ayu.accessible("the console with a call");

  await ayu.press("Alt+7");
  await ayu.tabTo(`team-${await teamNamed(supervisor, "Regu Jodoh")}`);
  await ayu.press("Space");
  await ayu.press("Control+Enter");
  await telegram.dispatch();
  await ayu.accessible("the console with an incident");

  await ayu.press("F8");
  await caller.ended();
  await ayu.at("close-panel").waitFor();
  await ayu.accessible("the console after the call");
  await ayu.press("Alt+N");
  await ayu.press("Alt+C");
  await until("the incident is closed", async () => {
    const { incident } = await supervisor.ask("GET", `reports/${report}`);
    return (await supervisor.ask("GET", `incidents/${incident}`)).incident.state === "closed";
  });
});
