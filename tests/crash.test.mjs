// The power goes in the middle of a call: what was heard, typed and sent is there afterwards, and nothing is sent twice.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Caller } from "./support/caller.mjs";
import { FIRE_CHAT, MEDICS_NUMBER, importCity, people, teamNamed } from "./support/city.mjs";
import { callWhen, newestCall, onShift, openHouse } from "./support/house.mjs";
import { run } from "./support/program.mjs";
import { readWav, readWavFile, toneSpan } from "./support/sound.mjs";
import { Telegram } from "./support/telegram.mjs";
import { until } from "./support/wait.mjs";
import { Whatsapp } from "./support/whatsapp.mjs";
import { scenario } from "./support/world.mjs";

const CALLER_HZ = 620;
const WORDS = { place: "Simpang Kabil", event: "Kecelakaan", name: "Budi Hartono", details: "Satu orang luka di kaki" };

scenario("kill -9 in the middle of a call, and a restart", async (world) => {
  const telegram = await Telegram.start(world);
  const whatsapp = await Whatsapp.start(world);
  const siaga = await openHouse(world, { telegram: telegram.settings, whatsapp: whatsapp.settings, before: importCity });
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const caller = await Caller.dial(world, siaga.sip, { voice: CALLER_HZ });
  await ayu.rings();
  await ayu.answer();
  const { at: answeredAt } = await caller.answered();
  const { id: callId, report: reportId } = await newestCall(supervisor);

  // One dispatch is out and acknowledged; another waits, for its service cannot be reached.
  await ayu.fill(WORDS);
  await until("the form is saved", async () => (await supervisor.ask("GET", `reports/${reportId}`)).fields.details === WORDS.details);
  const [fire, medics] = [await teamNamed(supervisor, "Regu Jodoh"), await teamNamed(supervisor, "Ambulans Nagoya")];
  await ayu.send([medics]);
  await whatsapp.message(({ to }) => to === MEDICS_NUMBER);
  const incidentId = await until("the report has its incident", async () => (await supervisor.ask("GET", `reports/${reportId}`)).incident);
  await progressOf(supervisor, incidentId, medics, ["sent", "delivered"]);
  await telegram.way.shut();
  await supervisor.ask("POST", `incidents/${incidentId}/dispatches`, { teams: [fire] });
  await until("the message to Telegram has failed once", async () => (await dispatchTo(supervisor, incidentId, fire)).last_error);

  await caller.hears(1000);
  await ayu.hears(CALLER_HZ);
  await until("four seconds of talk are over", () => Date.now() > answeredAt + 4_000);
  await siaga.kill();
  const killedAt = Date.now();

  // As the disk has it, before anything repairs it: playable to within a second of the end.
  const file = await growingWav(join(siaga.directory, "recordings"));
  await run("ffprobe", "ffprobe", ["-v", "error", "-show_entries", "format=duration", file]);
  const wav = await readWavFile(file);
  const talked = (killedAt - answeredAt) / 1000;
  const span = toneSpan(wav.channels[0], wav.rate, CALLER_HZ);
  assert.ok(span && span.to - span.from > talked - 1.2, `${JSON.stringify(span)} of ${talked} s are on the disk`);

  // It returns: the draft, the call and the sealed recording are there.
  await telegram.way.open();
  await siaga.start();
  const { fields } = await supervisor.ask("GET", `reports/${reportId}`);
  assert.deepEqual([fields.place, fields.event, fields.caller_name, fields.details], Object.values(WORDS));
  const { call, recording } = await callWhen(supervisor, callId, "is closed and its recording repaired", (detail) => detail.recording?.sealed);
  assert.equal(call.state, "ended");
  assert.equal(call.ended_by, "restart");
  assert.equal(recording.sealed.repaired, true);
  const { bytes } = await supervisor.get(`calls/${callId}/recording.wav`);
  assert.equal(createHash("sha256").update(bytes).digest("hex"), recording.sealed.sha256);
  assert.ok(readWav(bytes).seconds >= wav.seconds);

  // Exactly the message that was pending goes out; one more, sent after it, shows that nothing was still on its way.
  await progressOf(supervisor, incidentId, fire, ["sent", "delivered"]);
  const others = await teamNamed(supervisor, "Ambulans Sekupang");
  await supervisor.ask("POST", `incidents/${incidentId}/dispatches`, { teams: [others] });
  await until("the later message is out", () => whatsapp.messages.length === 2);
  const toFire = (await telegram.dispatches()).filter(({ chat }) => chat.id === FIRE_CHAT);
  assert.equal(toFire.length, 1, "the pending message was delivered once");
  assert.equal(whatsapp.messages.length, 2, "the delivered message was not delivered again");

  // The next call is taken as if nothing had been.
  await ayu.mediaConnected();
  await caller.close();
  const next = await Caller.dial(world, siaga.sip, { number: "+628117705678" });
  await ayu.rings({ timeout: 30_000 });
  await ayu.answer();
  await next.hears(1000);
  await next.hangUp();
});

async function dispatchTo(api, incident, team) {
  const { incident: { dispatches } } = await api.ask("GET", `incidents/${incident}`);
  return dispatches.find((one) => one.team === team);
}

async function progressOf(api, incident, team, among) {
  return until(`the dispatch is ${among.join(" or ")}`, async () =>
    among.includes((await dispatchTo(api, incident, team))?.progress), { within: 60_000 });
}

async function growingWav(directory) {
  const all = await readdir(directory, { recursive: true });
  // Until it is sealed its name says that it is a part.
  const wavs = all.filter((name) => name.endsWith(".wav.part"));
  assert.equal(wavs.length, 1, `one recording lies in ${directory}: ${all}`);
  return join(directory, wavs[0]);
}
