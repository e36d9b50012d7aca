// A supervisor listens to a call, whispers to its operator, joins it, and leaves: who hears whom, at which moment, and that none of it
// negotiates anybody's media anew.
import assert from "node:assert/strict";
import { Caller } from "../support/caller.mjs";
import { people } from "../support/city.mjs";
import { countNegotiations } from "../support/headset.mjs";
import { VOICES, announcements, atTheWall, callWhen, newestCall, onShift, openHouse, sealed } from "../support/house.mjs";
import { Operator } from "../support/operator.mjs";
import { heardAsRecorded } from "../support/recorded.mjs";
import { until } from "../support/wait.mjs";
import { scenario } from "../support/world.mjs";

const HZ = { caller: 620, operator: 1000, supervisor: 2600 };
const ALL = Object.values(HZ);

scenario("listen, whisper, barge", async (world) => {
  const siaga = await openHouse(world);
  const api = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu", { scripts: [countNegotiations] });
  const citra = await atTheWall(world, siaga, "citra", { scripts: [countNegotiations] });
  const caller = await Caller.dial(world, siaga.sip, { voice: HZ.caller });
  await ayu.rings();
  await ayu.answer();
  await caller.hearsJust([HZ.operator], ALL);
  await ayu.hearsJust([HZ.caller], ALL);
  const { id } = await newestCall(api);
  for (const person of [ayu, citra]) await person.notes(ALL);
  const negotiated = [await ayu.negotiations(), await citra.negotiations()];
  const choose = (mode) => citra.at("wall-calls").getByTestId(`monitor-${mode}-${id}`).click();

  // Listens: hears both, and is heard by nobody; the operator sees it.
  const listening = Date.now();
  await choose("listen");
  await sees("listen");
  await citra.hearsJust([HZ.caller, HZ.operator], ALL);
  await lasts(1_000);
  await caller.hearsJust([HZ.operator], ALL);
  await ayu.hearsJust([HZ.caller], ALL);

  // Whispers: the operator alone hears it.
  const whispering = Date.now();
  assert.ok(!(await ayu.heardBetween(listening, whispering)).includes(HZ.supervisor), "a listener is not heard by the operator");
  await choose("whisper");
  await sees("whisper");
  await ayu.hearsJust([HZ.caller, HZ.supervisor], ALL);
  await citra.hearsJust([HZ.caller, HZ.operator], ALL);
  await lasts(1_000);
  const barging = Date.now();
  assert.ok((await ayu.heardBetween(whispering, barging)).includes(HZ.supervisor));
  assert.deepEqual(caller.heard.between(0, barging, ALL), [HZ.operator], "the caller has heard nobody but the operator");

  // Joins: everybody hears everybody.
  await choose("barge");
  await sees("barge");
  await caller.hearsJust([HZ.operator, HZ.supervisor], ALL);
  await ayu.hearsJust([HZ.caller, HZ.supervisor], ALL);
  await citra.hearsJust([HZ.caller, HZ.operator], ALL);
  await lasts(1_000);

  // Leaves: as before.
  await citra.at("wall-calls").getByTestId(`monitor-stop-${id}`).click();
  await ayu.at("monitor").waitFor({ state: "detached" });
  await caller.hearsJust([HZ.operator], ALL);
  await ayu.hearsJust([HZ.caller], ALL);
  await citra.hearsNothing();
  assert.deepEqual([await ayu.negotiations(), await citra.negotiations()], negotiated, "nobody's media was negotiated anew");

  await caller.hangUp();
  const detail = await sealed(api, id);
  const monitored = detail.timeline.filter(({ kind }) => kind === "call.monitored");
  assert.deepEqual(monitored.map(({ actor, data: { mode } }) => [actor.name, mode]),
    ["listen", "whisper", "barge", null].map((mode) => [people.citra.name, mode]));
  const manager = await siaga.as(people.dedi);
  const audit = (await manager.ask("GET", "audit?limit=100")).filter(({ action, subject }) => action === "call.monitored" && subject === id);
  assert.ok(audit.length >= 3, `each look is in the audit: ${audit.length}`);
  assert.ok(audit.every((one) => JSON.stringify(one).includes(people.citra.name) || JSON.stringify(one).includes(people.citra.username)));
  // The whisper is not in the recording, for the caller did not hear it.
  await heardAsRecorded(api, detail, { caller, voice: HZ.caller, others: [HZ.operator, HZ.supervisor] });

  async function sees(mode) {
    await until(`ayu sees that citra does ${mode}`, async () =>
      (await ayu.at("monitor").getAttribute("data-monitor", { timeout: 1_000 })) === mode);
    await until(`citra sees that she does ${mode}`, async () =>
      (await citra.at("monitoring").getAttribute("data-monitor", { timeout: 1_000 })) === mode);
  }
});

scenario("a supervisor whose machine dies while listening does not keep operator and caller apart", async (world) => {
  const siaga = await openHouse(world);
  const api = await siaga.as(people.citra);
  const { ayu, citra, caller, id } = await listening(world, siaga, api);

  const live = await (await siaga.as(people.dedi)).live(world);
  await citra.close();
  await live.next("operator", ({ operator: { name, media_connected } }) => name === people.citra.name && !media_connected, { within: 30_000 });
  await ayu.at("hold").click();
  await ayu.seesCall("held");
  await caller.hearsJust([], ALL);
  await ayu.at("hold").click();
  await ayu.seesCall("active");
  await caller.hearsJust([HZ.operator], ALL);
  await ayu.hearsJust([HZ.caller], ALL);

  await caller.hangUp();
  const { timeline } = await sealed(api, id);
  const monitored = timeline.filter(({ kind }) => kind === "call.monitored").map(({ data: { mode } }) => mode);
  assert.deepEqual(monitored, ["listen", null], "that she is gone stands on the timeline");
});

scenario("a supervisor who has joined and whose machine dies does not keep a caller from hearing that the operator is lost, too", async (world) => {
  const hold = 500;
  const siaga = await openHouse(world, { queue: { announcements: await announcements(world, { hold }) } });
  const api = await siaga.as(people.citra);
  const { ayu, citra, caller, id } = await listening(world, siaga, api);
  await citra.at("wall-calls").getByTestId(`monitor-barge-${id}`).click();
  await caller.hearsJust([HZ.operator, HZ.supervisor], ALL);

  await citra.close();
  await ayu.at("monitor").waitFor({ state: "detached" });
  await caller.hearsJust([HZ.operator], ALL);
  await ayu.page.goto("about:blank");
  await caller.hearsJust([hold], [...ALL, hold]);
  await caller.hangUp();
  const { timeline } = await sealed(api, id);
  const monitored = timeline.filter(({ kind }) => kind === "call.monitored").map(({ data: { mode } }) => mode);
  assert.deepEqual(monitored, ["listen", "barge", null]);
});

scenario("a supervisor tells the operator something while the caller is on hold, who hears nothing of it", async (world) => {
  const siaga = await openHouse(world);
  const api = await siaga.as(people.citra);
  const { ayu, citra, caller, id } = await listening(world, siaga, api);
  await ayu.at("hold").click();
  await ayu.seesCall("held");
  await caller.hearsJust([], ALL);
  await citra.hearsNothing();
  await citra.at("wall-calls").getByTestId(`monitor-whisper-${id}`).click();
  await ayu.hearsJust([HZ.supervisor], ALL);
  await citra.hearsJust([HZ.operator], ALL);
  await caller.hearsJust([], ALL);
  await ayu.at("hold").click();
  await ayu.seesCall("active");
  await ayu.hearsJust([HZ.caller, HZ.supervisor], ALL);
  await caller.hearsJust([HZ.operator], ALL);
  await caller.hangUp();
  await sealed(api, id);
});

scenario("a supervisor who is demoted while listening hears nothing more", async (world) => {
  const siaga = await openHouse(world);
  const head = await siaga.as(people.eka);
  const { ayu, citra, caller, id } = await listening(world, siaga, head);

  const { id: citraId } = (await head.ask("GET", "users")).find(({ username }) => username === people.citra.username);
  await head.ask("PATCH", `users/${citraId}`, { role: "operator" });
  await ayu.at("monitor").waitFor({ state: "detached" });
  await citra.hearsNothing();
  await caller.hearsJust([HZ.operator], ALL);
  await ayu.hearsJust([HZ.caller], ALL);
  await caller.hangUp();
  const { timeline } = await sealed(head, id);
  assert.deepEqual(timeline.filter(({ kind }) => kind === "call.monitored").map(({ data: { mode } }) => mode), ["listen", null]);
});

scenario("an operator may not listen to another's call", async (world) => {
  const siaga = await openHouse(world);
  const ayu = await onShift(world, siaga, "ayu");
  const caller = await Caller.dial(world, siaga.sip, { voice: HZ.caller });
  await ayu.rings();
  await ayu.answer();
  const bagus = await siaga.as(people.bagus);
  const { id } = await newestCall(bagus);
  for (const mode of ["listen", "whisper", "barge"]) {
    const { status, json } = await bagus.put(`calls/${id}/monitor`, { mode });
    assert.deepEqual([status, json.error.code], [403, "forbidden"], mode);
  }
  const { call, timeline } = await bagus.ask("GET", `calls/${id}`);
  assert.deepEqual(call.monitors, []);
  assert.equal(timeline.filter(({ kind }) => kind === "call.monitored").length, 0);
  await caller.hangUp();
});

/** Citra listens at the wall to a call that Ayu has. */
async function listening(world, siaga, api) {
  const ayu = await onShift(world, siaga, "ayu");
  const citra = await atTheWall(world, siaga, "citra");
  const caller = await Caller.dial(world, siaga.sip, { voice: HZ.caller });
  await ayu.rings();
  await ayu.answer();
  const { id } = await newestCall(api);
  await citra.at("wall-calls").getByTestId(`monitor-listen-${id}`).click();
  await citra.hearsJust([HZ.caller, HZ.operator], ALL);
  return { ayu, citra, caller, id };
}

/** Long enough for a voice that should not be heard to be heard. */
function lasts(ms) {
  const began = Date.now();
  return until("a while has passed", () => Date.now() - began > ms);
}

scenario("a supervisor who has joined stays with the caller when the operator is lost, until somebody else has the call", async (world) => {
  const siaga = await openHouse(world, { queue: { detached_seconds: 5 } });
  const api = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const citra = await atTheWall(world, siaga, "citra");
  const caller = await Caller.dial(world, siaga.sip, { voice: HZ.caller });
  await ayu.rings();
  await ayu.answer();
  await caller.hearsJust([HZ.operator], ALL);
  const { id } = await newestCall(api);
  await citra.at("wall-calls").getByTestId(`monitor-barge-${id}`).click();
  await caller.hearsJust([HZ.operator, HZ.supervisor], ALL);

  await ayu.page.goto("about:blank");
  await callWhen(api, id, "waits for somebody else", ({ call }) => call.state === "waiting");
  const lost = Date.now();
  await caller.hearsJust([HZ.supervisor], ALL);
  await citra.hearsJust([HZ.caller], ALL);
  // It rings as soon as he is ready.
  const bagus = await Operator.open(world, siaga, { person: people.bagus, voice: VOICES.bagus });
  await bagus.ready(people.bagus);
  await bagus.rings();
  await bagus.answer();
  await caller.hears(VOICES.bagus);
  assert.ok(caller.heard.between(lost, Date.now(), ALL).includes(HZ.supervisor));

  // And where she leaves, the two go on.
  await citra.at("wall-calls").getByTestId(`monitor-stop-${id}`).click();
  await caller.hearsJust([VOICES.bagus], [...ALL, VOICES.bagus]);
  await caller.hangUp();
  await sealed(api, id);
});
