// The main job without a mouse, by the keys that F1 lists; and what axe says of the screens on the way.
import assert from "node:assert/strict";
import { Caller } from "./support/caller.mjs";
import { Cameras } from "./support/camera.mjs";
import { PLACE, importCity, people, teamNamed } from "./support/city.mjs";
import { newestCall, openHouse, sealed } from "./support/house.mjs";
import { Operator } from "./support/operator.mjs";
import { Telegram } from "./support/telegram.mjs";
import { until } from "./support/wait.mjs";
import { scenario } from "./support/world.mjs";

const WORDS = {
  place: ["Alt+1", `Pasar Jodoh ${PLACE.latitude}, ${PLACE.longitude}`],
  event: ["Alt+2", "Kebakaran kios"],
  name: ["Alt+4", "Siti"],
  details: ["Alt+6", "Dua orang di atas"],
};

scenario("the main job by keyboard alone, on accessible screens", async (world) => {
  const telegram = await Telegram.start(world);
  const cameras = await Cameras.start(world, ["near"]);
  const siaga = await openHouse(world, {
    telegram: telegram.settings,
    cctv: { radius_m: 500 },
    before: (fresh) => importCity(fresh, { cameras: [{ name: "Kamera Dekat", url: cameras.url("near"), north_m: 100 }] }),
  });
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

  const { id: call, report } = await newestCall(supervisor);
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
  assert.deepEqual(fields.position, PLACE, "coordinates that are typed set the point");
  await ayu.accessible("the console with a call");

  await ayu.press("Alt+7");
  await ayu.tabTo(`team-${await teamNamed(supervisor, "Regu Jodoh")}`);
  await ayu.press("Space");
  await ayu.press("Control+Enter");
  await telegram.dispatch();
  await ayu.accessible("the console with an incident");

  // The camera live, and its footage.
  const [{ id: camera }] = await supervisor.ask("GET", "cameras");
  await ayu.tabTo(`camera-${camera}`);
  await ayu.press("Enter");
  await ayu.plays("camera-video", { byItself: true });
  const { incident } = await supervisor.ask("GET", `reports/${report}`);
  const footage = await until("footage is held", async () => (await supervisor.ask("GET", `incidents/${incident}`)).footage[0]);
  await ayu.tabTo(`footage-${footage.id}`);
  await ayu.press("Enter");
  await ayu.plays("footage-video", { byItself: true });
  await ayu.accessible("the console with footage");

  // The other language and the other theme, in the middle of the work.
  await ayu.choosesFromMenu("English");
  await ayu.page.locator("html[lang=en]").waitFor({ state: "attached" });
  await ayu.accessible("the console in English");
  await ayu.choosesFromMenu("Light appearance");
  await ayu.page.locator("html[data-mantine-color-scheme=light]").waitFor({ state: "attached" });
  await ayu.accessible("the console in the light theme");

  await ayu.press("F8");
  await caller.ended();
  await ayu.at("close-panel").waitFor();
  await ayu.accessible("the console after the call");
  await ayu.press("Alt+N");
  await ayu.press("Alt+C");
  await until("the incident is closed", async () => (await supervisor.ask("GET", `incidents/${incident}`)).incident.state === "closed");

  // The recording is found and listened to.
  await sealed(supervisor, call);
  await ayu.choosesFromMenu("Call history");
  await ayu.at(`history-${call}`).waitFor();
  await ayu.tabTo(`history-${call}`);
  await ayu.press("Enter");
  await ayu.at("recording-player").waitFor();
  await ayu.accessible("the page of a call");
  await ayu.tabTo("recording-player");
  await ayu.press("Space");
  await ayu.hearsRecording();
});
