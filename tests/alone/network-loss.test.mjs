// The operator's way to the server breaks in the middle of a call: the call goes on, what is typed is kept, and all of it
// comes together again by itself.
import assert from "node:assert/strict";
import { Caller } from "../support/caller.mjs";
import { people } from "../support/city.mjs";
import { Gate } from "../support/gate.mjs";
import { newestCall, onShift, openHouse, sealed } from "../support/house.mjs";
import { readWav, toneSeconds, toneStretches } from "../support/sound.mjs";
import { until } from "../support/wait.mjs";
import { scenario } from "../support/world.mjs";

const BEFORE = { place: "Nagoya Hill", event: "Pencurian" };
const MEANWHILE = { name: "Rina", details: "Pelaku lari ke arah pelabuhan" };

scenario("the network is lost in the middle of a call, and comes back", async (world) => {
  const siaga = await openHouse(world);
  const supervisor = await siaga.as(people.citra);
  const way = await Gate.before(world, new URL(siaga.url));
  const ayu = await onShift(world, siaga, "ayu", { through: way.url });
  await ayu.seesConnection((state) => state === "open");
  const caller = await Caller.dial(world, siaga.sip, {});
  await ayu.rings();
  await ayu.answer();
  await caller.hears(1000);
  await ayu.hears(620);
  const { id, report } = await newestCall(supervisor);
  const stored = async () => (await supervisor.ask("GET", `reports/${report}`)).fields;
  await ayu.fill(BEFORE);
  await until("the form is saved", async () => (await stored()).event === BEFORE.event);

  // The way is shut: the console says so, and both go on talking and typing.
  await way.shut();
  await ayu.seesConnection((state) => state !== "open");
  await ayu.fill(MEANWHILE);
  await caller.hears(1000, { since: Date.now() });
  await ayu.hears(620);
  const typed = await ayu.form();
  assert.equal(typed.details, MEANWHILE.details);
  assert.equal((await stored()).details, "", "nothing gets through a way that is shut");
  assert.equal((await supervisor.ask("GET", `calls/${id}`)).call.state, "active");

  // It opens: the same call, and what was typed is at the server.
  await way.open();
  await ayu.seesConnection((state) => state === "open", { within: 20_000 });
  await until("what was typed meanwhile is saved", async () => (await stored()).details === MEANWHILE.details, { within: 20_000 });
  assert.equal((await stored()).caller_name, MEANWHILE.name);
  assert.equal(await ayu.at("report-form").getAttribute("data-call"), id);
  assert.deepEqual(await ayu.form(), typed);
  await ayu.talking();
  await caller.hears(1000, { since: Date.now() });
  await ayu.hears(620);

  await ayu.hangUp();
  await caller.ended();
  const { call } = await sealed(supervisor, id);
  assert.equal(call.ended_by, "operator");
  const { bytes } = await supervisor.get(`calls/${id}/recording.wav`);
  const { channels: [left, right], rate, seconds } = readWav(bytes);
  // Before, it rang for as long as it took to answer.
  const [whole, ...more] = toneStretches(left, rate, 620);
  assert.ok(whole && more.length === 0 && whole.to > seconds - 1, `the caller was recorded throughout: ${whole?.from}-${whole?.to} of ${seconds} s`);
  assert.ok(toneSeconds(right, rate, 1000) > whole.to - whole.from - 2, "the operator was recorded throughout");
});
