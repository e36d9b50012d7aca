// The control room that most scenarios begin in: siaga with its people, and operators on shift.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { addPeople, people } from "./city.mjs";
import { Operator } from "./operator.mjs";
import { Siaga } from "./siaga.mjs";
import { tone, writeWav } from "./sound.mjs";
import { until } from "./wait.mjs";

/** What each person's microphone hears, in Hz. */
export const VOICES = { ayu: 1000, bagus: 1400, citra: 2600 };

/** A siaga with its people that takes calls; `before` runs once the people are there and before it serves. */
export async function openHouse(world, { before = async () => {}, ...settings } = {}) {
  const siaga = await Siaga.prepare(world, settings);
  await addPeople(siaga);
  await before(siaga);
  await siaga.start();
  return siaga;
}

/** An operator of this name at the console, on shift and ready, with a voice of her or his own. */
export async function onShift(world, siaga, name, options = {}) {
  const operator = await Operator.open(world, siaga, { person: people[name], voice: VOICES[name], ...options });
  await operator.ready(people[name]);
  const api = await siaga.as(people.citra);
  const live = await api.live(world);
  await until(`${name} is ready for calls`, () => {
    const seen = live.events.flatMap(({ event, operators, operator: one }) => (event === "snapshot" ? operators : event === "operator" ? [one] : []));
    return seen.findLast(({ name: shown }) => shown === people[name].name)?.state.state === "ready";
  });
  live.close();
  return operator;
}

/** A supervisor at the wall, with a headset and not ready for calls. */
export async function atTheWall(world, siaga, name, options = {}) {
  const supervisor = await Operator.open(world, siaga, { person: people[name], voice: VOICES[name], ...options });
  await supervisor.signIn(people[name]);
  await supervisor.at("start-shift").click();
  await supervisor.mediaConnected();
  await supervisor.at("menu").click();
  await supervisor.at("page-supervise").click();
  return supervisor;
}

/** A directory of announcements that are tones, so that a test tells them apart: `tones` in Hz by name. */
export async function announcements(world, tones) {
  const directory = join(world.directory, "announcements");
  await mkdir(directory, { recursive: true });
  for (const [name, hz] of Object.entries(tones)) await writeWav(join(directory, `${name}.wav`), tone(hz, { seconds: 2 }), 8000);
  return directory;
}

/** What happened to a call and its callback, oldest first, by kind; what the recording, the report and the voice's quality add is left out. */
export function steps({ timeline }) {
  return timeline.map(({ kind }) => kind).filter((kind) => /^(call|callback)\./.test(kind) && kind !== "call.quality");
}

/** The newest call, as the API tells it, once there is any: a telephone may ring before its call is written down. */
export function newestCall(api) {
  return until("a call is written down", async () => (await api.ask("GET", "calls?limit=1"))[0]);
}

/** How a call is over whose caller hung up at the fallback number: so short a talk may have been with a mailbox. */
export function leftTheFallback({ timeline }) {
  const at = (kind) => Date.parse(timeline.find((entry) => entry.kind === kind).at);
  return at("call.ended") - at("call.fallback_answered") < 30_000 ? "caller_left" : "caller";
}

/** A call's detail once `matches` holds. */
export async function callWhen(api, id, what, matches, options) {
  return until(`the call ${what}`, async () => {
    const detail = await api.ask("GET", `calls/${id}`);
    return matches(detail) && detail;
  }, { within: 15_000, ...options });
}

/** A call's detail once its recording is sealed. */
export function sealed(api, id) {
  return callWhen(api, id, "has a sealed recording", ({ recording }) => recording?.sealed);
}
