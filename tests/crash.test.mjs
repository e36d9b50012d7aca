// The power goes in the middle of a call: what was heard, typed and sent is there afterwards, and nothing is sent twice.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Caller } from "./support/caller.mjs";
import { FIRE_CHAT, MEDICS_NUMBER, OTHERS_NUMBER, importCity, people, teamNamed } from "./support/city.mjs";
import { callWhen, newestCall, onShift, openHouse, sealed } from "./support/house.mjs";
import { run } from "./support/program.mjs";
import { readWav, readWavFile, toneSpan } from "./support/sound.mjs";
import { Telegram } from "./support/telegram.mjs";
import { until } from "./support/wait.mjs";
import { Whatsapp } from "./support/whatsapp.mjs";
import { scenario, scenarioOnBoth } from "./support/world.mjs";

const CALLER_HZ = 620;
const TALK_S = 4;
const WAV_HEADER = 44;
/** Two channels of 16-bit samples at 8 kHz. */
const WAV_BYTES_PER_S = 32_000;
const WORDS = { place: "Simpang Kabil", event: "Kecelakaan", name: "Budi Hartono", details: "Satu orang luka di kaki" };

scenarioOnBoth("kill -9 in the middle of a call, and a restart", crash);

async function crash(world) {
  const telegram = await Telegram.start(world);
  const whatsapp = await Whatsapp.start(world);
  const siaga = await openHouse(world, { telegram: telegram.settings, whatsapp: whatsapp.settings, before: importCity });
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const caller = await Caller.dial(world, siaga.sip, { voice: CALLER_HZ });
  await ayu.rings();
  await ayu.answer();
  const { id: callId, report: reportId } = await newestCall(supervisor);

  // One dispatch is out and acknowledged; another waits, for its service cannot be reached.
  await ayu.fill(WORDS);
  await until("the form is saved", async () => (await supervisor.ask("GET", `reports/${reportId}`)).fields.details === WORDS.details);
  const [fire, medics] = [await teamNamed(supervisor, "Regu Jodoh"), await teamNamed(supervisor, "Ambulans Nagoya")];
  await ayu.send([medics]);
  const message = await whatsapp.message(({ to }) => to === MEDICS_NUMBER);
  const incidentId = await until("the report has its incident", async () => (await supervisor.ask("GET", `reports/${reportId}`)).incident);
  const { id: dispatchId } = await progressOf(supervisor, incidentId, medics, ["sent", "delivered"]);
  const [payload] = Whatsapp.payloads(message);
  const press = () => whatsapp.press(siaga.api(), { number: MEDICS_NUMBER, to: message.id, payload });
  await ayu.seesDispatch(dispatchId);
  assert.equal((await press()).status, 200);
  await ayu.seesProgress(dispatchId, "acknowledged");
  await telegram.way.shut();
  await supervisor.ask("POST", `incidents/${incidentId}/dispatches`, { teams: [fire] });
  await until("the message to Telegram has failed once", async () => (await dispatchTo(supervisor, incidentId, fire)).last_error);

  await caller.hears(1000);
  await ayu.hears(CALLER_HZ);
  const file = await growingWav(join(siaga.directory, "recordings"));
  await until(`${TALK_S} seconds of talk are on the disk`, async () => (await stat(file)).size > WAV_HEADER + TALK_S * WAV_BYTES_PER_S);
  const { recording: { started_at: startedAt } } = await supervisor.ask("GET", `calls/${callId}`);
  const killedAt = Date.now();
  await siaga.kill();

  // As the disk has it, before anything repairs it: playable to within a second of the end.
  await run("ffprobe", "ffprobe", ["-v", "error", "-show_entries", "format=duration", file]);
  const wav = await readWavFile(file);
  const recorded = (killedAt - Date.parse(startedAt)) / 1000;
  assert.ok(wav.seconds > recorded - 1, `${wav.seconds} s of ${recorded} s are on the disk`);
  const span = toneSpan(wav.channels[0], wav.rate, CALLER_HZ);
  assert.ok(span.to > wav.seconds - 0.3, `the caller is heard to the end: ${JSON.stringify(span)} of ${wav.seconds} s`);

  // It returns: the draft, the call, the acknowledgement and the sealed recording are there.
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
  assert.equal((await dispatchTo(supervisor, incidentId, medics)).progress, "acknowledged");
  assert.equal((await press()).status, 200, "the same press may be brought again");
  const { timeline } = await supervisor.ask("GET", `incidents/${incidentId}`);
  assert.equal(timeline.filter(({ kind }) => kind === "dispatch.acknowledged").length, 1);

  // Exactly the message that was pending goes out; one more, sent after it, shows that nothing was still on its way.
  await progressOf(supervisor, incidentId, fire, ["sent", "delivered"]);
  const others = await teamNamed(supervisor, "Ambulans Sekupang");
  await supervisor.ask("POST", `incidents/${incidentId}/dispatches`, { teams: [others] });
  await until("the later message is out", () => whatsapp.messages.some(({ to }) => to === OTHERS_NUMBER));
  const toFire = (await telegram.dispatches()).filter(({ chat }) => chat.id === FIRE_CHAT);
  assert.equal(toFire.length, 1, "the pending message was delivered once");
  const toMedics = whatsapp.messages.filter(({ to, type }) => to === MEDICS_NUMBER && type === "template");
  assert.equal(toMedics.length, 1, "the delivered message was not delivered again");

  // The next call is taken as if nothing had been.
  await ayu.mediaConnected();
  await caller.close();
  const next = await Caller.dial(world, siaga.sip, { number: "+628117705678" });
  await ayu.rings({ timeout: 30_000 });
  await ayu.answer();
  await next.hears(1000);
  await next.hangUp();
}

scenario("a seal that is on the disk and was never written down is known after a restart", async (world) => {
  const siaga = await openHouse(world);
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const caller = await Caller.dial(world, siaga.sip, {});
  await ayu.rings();
  await ayu.answer();
  await caller.hears(1000);
  await caller.hangUp();
  const { id } = await newestCall(supervisor);
  const { recording: { sealed: before } } = await sealed(supervisor, id);

  // As if the power had gone between the two.
  await siaga.stop();
  await siaga.sql("UPDATE recordings SET sealed_at = NULL, duration_ms = NULL, sha256 = NULL");
  await siaga.start();
  const { recording: { sealed: after } } = await sealed(supervisor, id);
  assert.deepEqual([after.sha256, after.duration_ms], [before.sha256, before.duration_ms]);
  const { bytes } = await supervisor.get(`calls/${id}/recording.wav`);
  assert.equal(createHash("sha256").update(bytes).digest("hex"), after.sha256);
});

async function dispatchTo(api, incident, team) {
  const { incident: { dispatches } } = await api.ask("GET", `incidents/${incident}`);
  return dispatches.find((one) => one.team === team);
}

async function progressOf(api, incident, team, among) {
  return until(`the dispatch is ${among.join(" or ")}`, async () => {
    const dispatch = await dispatchTo(api, incident, team);
    return among.includes(dispatch?.progress) && dispatch;
  }, { within: 60_000 });
}

async function growingWav(directory) {
  const all = await readdir(directory, { recursive: true });
  // Until it is sealed its name says that it is a part.
  const wavs = all.filter((name) => name.endsWith(".wav.part"));
  assert.equal(wavs.length, 1, `one recording lies in ${directory}: ${all}`);
  return join(directory, wavs[0]);
}
