// The operator's page is reloaded in the middle of a call: the call belongs to the server, and comes back.
import assert from "node:assert/strict";
import { Caller } from "../support/caller.mjs";
import { people } from "../support/city.mjs";
import { newestCall, onShift, openHouse, sealed } from "../support/house.mjs";
import { readWav, toneSeconds } from "../support/sound.mjs";
import { until } from "../support/wait.mjs";
import { scenario } from "../support/world.mjs";

const WORDS = { place: "Nagoya Hill", event: "Pencurian", name: "Rina", details: "Pelaku lari ke arah pelabuhan" };

scenario("a reload in the middle of a call brings audio back in both directions", async (world) => {
  const siaga = await openHouse(world);
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const caller = await Caller.dial(world, siaga.sip, {});
  await ayu.rings();
  await ayu.answer();
  await caller.hears(1000);
  await ayu.hears(620);
  const { id, report } = await newestCall(supervisor);
  await ayu.fill(WORDS);
  await until("the form is saved", async () => (await supervisor.ask("GET", `reports/${report}`)).fields.details === WORDS.details);

  await ayu.reload();
  const since = Date.now();
  await ayu.talking();
  await ayu.mediaConnected();
  await caller.hears(1000, { since });
  await ayu.hears(620);
  const shown = await ayu.form();
  for (const [field, text] of Object.entries(WORDS)) assert.equal(shown[field], text, `${field} is back`);

  await ayu.hangUp();
  await caller.ended();
  const { call, recording } = await sealed(supervisor, id);
  assert.equal(call.ended_by, "operator");
  const { bytes } = await supervisor.get(`calls/${id}/recording.wav`);
  const { channels: [left], rate, seconds } = readWav(bytes);
  // The recording begins while it rings, when the caller says nothing yet.
  const rang = (Date.parse(call.answered_at) - Date.parse(recording.started_at)) / 1000;
  const [spoke, talked] = [toneSeconds(left, rate, 620), seconds - rang];
  assert.ok(spoke > talked - 2, `the caller was recorded throughout: ${spoke} s of ${talked} s, after ${rang} s of ringing`);
}, { database: "PostgreSQL" });
