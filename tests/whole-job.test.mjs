// One real call from INVITE to the field team's acknowledgement and the sealed recording, on each database.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Caller } from "./support/caller.mjs";
import { Cameras } from "./support/camera.mjs";
import { FIRE_CHAT, PLACE, importCity, people, teamNamed } from "./support/city.mjs";
import { tellsOfNoCaller } from "./support/discretion.mjs";
import { newestCall, onShift, openHouse, sealed } from "./support/house.mjs";
import { run } from "./support/program.mjs";
import { readWav, toneSeconds } from "./support/sound.mjs";
import { Telegram } from "./support/telegram.mjs";
import { until } from "./support/wait.mjs";
import { scenarioOnBoth } from "./support/world.mjs";

const CALLER_HZ = 620;
const OPERATOR_HZ = 1000;
/** From how long before a call to how long after its beginning footage is kept. */
const [BEFORE_S, AFTER_S] = [5, 10];
const SECOND = 1_000;
const WORDS = {
  place: "Pasar Jodoh, kios 20",
  event: "Kebakaran kios",
  name: "Siti Rahma",
  details: "Dua orang masih di lantai atas",
};

scenarioOnBoth("the whole job", wholeJob);

async function wholeJob(world) {
  const cameras = await Cameras.start(world, ["near", "nearer", "far"]);
  const telegram = await Telegram.start(world);
  const siaga = await openHouse(world, {
    telegram: telegram.settings,
    cctv: { radius_m: 500, before_seconds: BEFORE_S, after_seconds: AFTER_S },
    before: (fresh) => importCity(fresh, {
      cameras: [
        { name: "Kamera Dekat", url: cameras.url("near"), north_m: 300 },
        { name: "Kamera Terdekat", url: cameras.url("nearer"), north_m: 100 },
        { name: "Kamera Jauh", url: cameras.url("far"), north_m: 5_000 },
      ],
    }),
  });
  const supervisor = await siaga.as(people.citra);
  await until("all cameras are being kept", async () =>
    (await supervisor.ask("GET", "cameras")).every(({ state }) => state.state === "recording"), { within: 30_000 });
  const ayu = await onShift(world, siaga, "ayu");
  await until("each camera has kept a segment that reaches back far enough", async () => {
    const all = await readdir(join(siaga.directory, "recordings", "ring"), { recursive: true });
    return new Set(all.filter((name) => secondsOf(name) > BEFORE_S).map(dirname)).size === 3;
  }, { within: 40_000 });

  // The call rings, is answered, and both are heard.
  const caller = await Caller.dial(world, siaga.sip, { scenario: "located-call", voice: CALLER_HZ, number: "+628117701234" });
  await caller.ringing();
  await ayu.rings();
  const { id: callId, report: reportId, state } = await newestCall(supervisor);
  assert.equal(state, "ringing");
  await ayu.answer();
  await caller.hears(OPERATOR_HZ);
  await ayu.hears(CALLER_HZ);

  // The form fills and saves itself, and knows the number.
  assert.match((await ayu.form()).number, /8117701234/);
  await ayu.fill(WORDS);
  await ayu.chooseType("Kebakaran");
  const report = await until("the form is saved", async () => {
    const { fields, ...rest } = await supervisor.ask("GET", `reports/${reportId}`);
    return fields.place === WORDS.place && fields.details === WORDS.details && fields.incident_type && { fields, ...rest };
  });
  assert.equal(report.fields.event, WORDS.event);
  assert.equal(report.fields.caller_name, WORDS.name);
  near(report.fields.position, PLACE);

  // The incident goes to the team, whose acknowledgement comes back to the screen.
  const team = await teamNamed(supervisor, "Regu Jodoh");
  await ayu.send([team]);
  const message = await telegram.dispatch();
  assert.equal(message.chat.id, FIRE_CHAT);
  assert.match(message.text, /Pasar Jodoh, kios 20/);
  const incidentId = await until("the report has its incident", async () => (await supervisor.ask("GET", `reports/${reportId}`)).incident);
  const { incident: { number, dispatches: [dispatch] } } = await supervisor.ask("GET", `incidents/${incidentId}`);
  assert.ok(message.text.includes(number), `the message carries the incident's number ${number}`);
  await ayu.seesDispatch(dispatch.id);
  const pressed = await telegram.press(siaga.api(), message, "acknowledged", { name: "Joko" });
  assert.equal(pressed.status, 200);
  await ayu.seesProgress(dispatch.id, "acknowledged");
  await ayu.at("timeline").getByText(/Joko/).first().waitFor();
  const { timeline } = await supervisor.ask("GET", `incidents/${incidentId}`);
  const acknowledged = timeline.filter(({ kind }) => kind === "dispatch.acknowledged");
  assert.equal(acknowledged.length, 1);
  assert.deepEqual(acknowledged[0].actor, { who: "team", team, name: "Joko" });

  // The nearest cameras are shown, nearest first, live and as footage that is held.
  const found = await supervisor.ask("GET", `cameras/nearest?latitude=${PLACE.latitude}&longitude=${PLACE.longitude}`);
  assert.deepEqual(found.map(({ name }) => name), ["Kamera Terdekat", "Kamera Dekat"]);
  await ayu.at(`camera-${found[0].id}`).first().click();
  await ayu.plays("camera-video");
  const footage = await until("the footage of both cameras is held", async () => {
    const { footage: held } = await supervisor.ask("GET", `incidents/${incidentId}`);
    return held.length === 2 && held;
  });
  assert.deepEqual(new Set(footage.map(({ camera }) => camera)), new Set(found.map(({ id }) => id)));
  await ayu.at(`footage-${footage[0].id}`).first().click();
  await ayu.plays("footage-video");

  // The caller hangs up; the recording is sealed, and its hash and both voices hold.
  await caller.hangUp();
  const { recording, call } = await sealed(supervisor, callId);
  assert.equal(call.ended_by, "caller");
  const audio = await supervisor.get(`calls/${callId}/recording.wav`);
  assert.equal(audio.status, 200);
  assert.equal(createHash("sha256").update(audio.bytes).digest("hex"), recording.sealed.sha256);
  assert.equal(recording.sealed.repaired, false);
  bothVoices(readWav(audio.bytes));
  const part = await supervisor.get(`calls/${callId}/recording.wav`, { headers: { range: "bytes=0-43" } });
  assert.equal(part.status, 206);
  assert.deepEqual(part.bytes, audio.bytes.subarray(0, 44));

  // The incident is closed with its disposition, and the recording is listened to.
  await ayu.closeIncident();
  await until("the incident is closed", async () => (await supervisor.ask("GET", `incidents/${incidentId}`)).incident.state === "closed");
  const done = await supervisor.ask("GET", `reports/${reportId}`);
  assert.equal(done.disposition, "normal");
  await ayu.listensTo(callId);

  // The footage can be taken along once it is whole, and every look was written down.
  const video = await until("the footage is whole", async () => {
    const index = await supervisor.ask("GET", `footage/${footage[0].id}`);
    return !index.growing && index;
  }, { within: 40_000 });
  covers(video, Date.parse(call.arrived_at));
  const mp4 = await supervisor.get(`footage/${footage[0].id}/video.mp4`);
  assert.equal(mp4.status, 200);
  const file = join(world.directory, "footage.mp4");
  await writeFile(file, mp4.bytes);
  const probed = await run("ffprobe", "ffprobe", [
    "-v", "error", "-count_frames", "-show_entries", "stream=codec_name,nb_read_frames", "-of", "csv=p=0", file,
  ]);
  const [codec, frames] = probed.trim().split(",");
  assert.equal(codec, "h264");
  assert.ok(Number(frames) > 50, `the footage has ${frames} frames`);
  const manager = await siaga.as(people.dedi);
  const looks = new Set((await manager.ask("GET", "audit?limit=100")).map(({ action }) => action));
  assert.ok([...looks].some((action) => action.startsWith("recording.")), `the audit has ${[...looks]}`);
  assert.ok([...looks].some((action) => action.startsWith("footage.")), `the audit has ${[...looks]}`);
  await tellsOfNoCaller(siaga, [...Object.values(WORDS), String(PLACE.longitude)]);
}

/** How long a finished segment is, by the name of its file (docs/recordings.md). */
function secondsOf(name) {
  return Number(name.match(/-(\d+)\.mp4$/)?.[1] ?? 0) / 1_000;
}

/** Footage from before the call to after it, as the settings say, without a hole; cameras give a key frame a second. */
function covers({ segments }, arrivedAt) {
  const ranges = segments.map(({ start, duration_ms: length }) => ({ from: Date.parse(start), to: Date.parse(start) + length }));
  const told = JSON.stringify(ranges.map(({ from, to }) => [from - arrivedAt, to - arrivedAt]));
  assert.ok(ranges.length > 0 && ranges[0].from <= arrivedAt - BEFORE_S * SECOND, `footage begins before the call: ${told}`);
  assert.ok(ranges.at(-1).to >= arrivedAt + AFTER_S * SECOND - SECOND, `footage goes on after the call began: ${told}`);
  ranges.slice(1).forEach(({ from }, n) => assert.ok(from - ranges[n].to < SECOND, `no hole: ${told}`));
}

/** Each voice in its channel for seconds, and never in the other's. */
function bothVoices({ channels: [left, right], rate }) {
  assert.ok(toneSeconds(left, rate, CALLER_HZ) > 2, "the caller is heard on the left");
  assert.ok(toneSeconds(right, rate, OPERATOR_HZ) > 2, "the operator is heard on the right");
  assert.equal(toneSeconds(left, rate, OPERATOR_HZ), 0, "the operator is not heard on the left");
  assert.equal(toneSeconds(right, rate, CALLER_HZ), 0, "the caller is not heard on the right");
}

function near(position, { latitude, longitude }) {
  assert.ok(position, "the form has the position that the INVITE carried");
  assert.ok(Math.abs(position.latitude - latitude) < 1e-4 && Math.abs(position.longitude - longitude) < 1e-4, JSON.stringify(position));
}
