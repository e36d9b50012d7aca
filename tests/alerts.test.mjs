// Alerts of machines (RFC 8876): a fire panel makes an incident that calls people until they have seen it, once, also while the
// database is away.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PLACE, addPeople, importCity, people, teamNamed } from "./support/city.mjs";
import { Gate } from "./support/gate.mjs";
import { onShift, openHouse } from "./support/house.mjs";
import { Postgres } from "./support/postgres.mjs";
import { SENDER, sentAt, tells } from "./support/sensor.mjs";
import { Siaga } from "./support/siaga.mjs";
import { noteSounds, sounding } from "./support/sounder.mjs";
import { watching } from "./support/supervisor.mjs";
import { Telegram } from "./support/telegram.mjs";
import { until } from "./support/wait.mjs";
import { scenario, scenarioOnBoth } from "./support/world.mjs";

const FIRE = {
  identifier: "PANEL-7-1", sent: sentAt(3), headline: "Asap di lantai 3", description: "Dua detektor berbunyi",
  area: "Gedung Jodoh, lantai 3", circle: PLACE,
};

/** The incidents whose alert nobody has seen to. */
async function unseen(api) {
  const alarms = await api.ask("GET", "alarms");
  return alarms.filter(({ kind }) => kind.kind === "machine_alert").map(({ kind }) => kind.incident);
}

scenarioOnBoth("a fire panel's alert is an incident with a place, and what follows stands on its timeline", async (world) => {
  const siaga = await openHouse(world);
  const supervisor = await siaga.as(people.citra);
  const live = await supervisor.live(world);

  // An exercise sends nobody, and neither does a test.
  for (const status of ["Exercise", "Test"]) await tells(world, siaga.sip, { ...FIRE, identifier: `PANEL-7-${status}`, status });
  await tells(world, siaga.sip, FIRE);
  const { incident: { id } } = await live.next("incident");
  const { incident, timeline: [received, ...more] } = await supervisor.ask("GET", `incidents/${id}`);
  assert.deepEqual([incident.place, incident.event, incident.details], [FIRE.area, "Kebakaran", FIRE.description]);
  assert.deepEqual(incident.position, PLACE);
  assert.equal(incident.state, "open");
  assert.equal(received.kind, "alert.received");
  assert.deepEqual([received.data.sender, received.data.headline, received.data.severity], [SENDER, FIRE.headline, "Severe"]);
  assert.deepEqual(more, []);
  assert.deepEqual(await until("its alarm sounds", async () => (await unseen(supervisor)).length > 0 && unseen(supervisor)), [id]);

  // Told again, even after a restart that forgets what SIP remembered, it is the same incident, which still calls for somebody.
  await tells(world, siaga.sip, FIRE);
  await siaga.stop();
  await siaga.start();
  assert.deepEqual(await until("its alarm still sounds", async () => (await unseen(supervisor)).length > 0 && unseen(supervisor)), [id]);
  await tells(world, siaga.sip, FIRE);
  await tells(world, siaga.sip, { ...FIRE, identifier: "PANEL-7-2", sent: sentAt(2), type: "Update", about: [FIRE], headline: "Api di lantai 3" });
  const kinds = async () => (await supervisor.ask("GET", `incidents/${id}`)).timeline.map(({ kind }) => kind).toSorted();
  await until("the update stands on the timeline", async () => (await kinds()).includes("alert.updated"));
  await tells(world, siaga.sip, { ...FIRE, identifier: "PANEL-7-3", sent: sentAt(1), type: "Cancel", about: [FIRE], headline: "Alarm palsu" });
  await until("the cancellation does too", async () => (await kinds()).includes("alert.cancelled"));
  assert.deepEqual(await kinds(), ["alert.cancelled", "alert.received", "alert.updated"]);
  await until("the alarm is over with that", async () => (await unseen(supervisor)).length === 0);
  assert.deepEqual((await supervisor.ask("GET", "incidents?limit=10")).map((one) => one.id), [id]);

  // The console shows it: in the list, and by itself with what happened.
  const citra = await watching(world, siaga);
  await citra.page.goto("/incidents");
  await citra.at(`incident-${id}`).filter({ hasText: FIRE.area }).click();
  const page = citra.page.getByRole("main");
  for (const text of [FIRE.area, "Kebakaran", "Peringatan diterima", "Api di lantai 3", "Alarm palsu"]) {
    await page.getByText(text).first().waitFor();
  }
});

scenario("an operator hears a fire panel's alert, opens its incident from the alarm, and sends a team", async (world) => {
  const telegram = await Telegram.start(world);
  const siaga = await openHouse(world, { telegram: telegram.settings, before: importCity });
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu", { scripts: [noteSounds] });
  await tells(world, siaga.sip, FIRE);
  await ayu.at("alarm").filter({ hasText: "Kebakaran" }).waitFor();
  await until("the alarm can be heard", async () => (await ayu.page.evaluate(sounding)).length > 0);

  await ayu.at("alarm-incident").click();
  const page = ayu.page.getByRole("main");
  for (const text of [FIRE.area, FIRE.description]) await page.getByText(text).first().waitFor();
  const team = await teamNamed(supervisor, "Regu Jodoh");
  await ayu.send([team]);
  const message = await telegram.dispatch();
  assert.ok(message.text.includes(FIRE.area), message.text);
  await ayu.at("alarm").waitFor({ state: "detached" });
  await until("nothing is heard any more", async () => (await ayu.page.evaluate(sounding)).length === 0);

  const [{ id }] = await supervisor.ask("GET", "incidents?limit=10");
  const { incident: { dispatches: [dispatch, ...others] } } = await supervisor.ask("GET", `incidents/${id}`);
  assert.deepEqual([dispatch.team, others], [team, []]);
  assert.equal((await telegram.press(siaga.api(), message, "acknowledged", { name: "Joko" })).status, 200);
  await ayu.seesProgress(dispatch.id, "acknowledged");
});

/** A siaga whose database is behind a gate. */
async function behindGate(world) {
  const postgres = await Postgres.start(world);
  const gate = await Gate.before(world, new URL(postgres.url));
  const database = Object.assign(new URL(postgres.url), { port: new URL(gate.url).port }).href;
  const siaga = await Siaga.prepare(world, { database });
  await addPeople(siaga);
  await siaga.start();
  return { gate, siaga };
}

/** The incident of the alert, once it is there, and nothing else. */
async function becomesIncident(supervisor) {
  const [incident, ...others] = await until("the alert is an incident", async () => {
    const all = await supervisor.ask("GET", "incidents?limit=10");
    return all.length > 0 && all;
  }, { within: 30_000 });
  assert.deepEqual([incident.place, incident.position, others], [FIRE.area, PLACE, []]);
  const { timeline } = await supervisor.ask("GET", `incidents/${incident.id}`);
  assert.deepEqual(timeline.map(({ kind }) => kind), ["alert.received"]);
  await until("it calls for somebody", async () => (await unseen(supervisor)).includes(incident.id));
}

scenario("an alert that comes while the database is away waits for it", async (world) => {
  const { gate, siaga } = await behindGate(world);
  const supervisor = await siaga.as(people.citra);
  await gate.shut();
  await tells(world, siaga.sip, FIRE);
  await until("siaga has noticed that its database is away", async () => (await siaga.api().get("/readyz")).status === 503, { within: 20_000 });
  await gate.open();
  await becomesIncident(supervisor);
});

scenario("an alert that comes while the database is away outlives a kill of the server", async (world) => {
  const { gate, siaga } = await behindGate(world);
  await gate.shut();
  await tells(world, siaga.sip, FIRE);
  const spill = join(siaga.directory, "recordings", "journal.spill");
  await until("the alert waits on the disk", async () => (await readFile(spill, "utf8")).includes(FIRE.identifier));
  await siaga.kill();
  await siaga.serve().line(/Siaga is ready/, { within: 30_000 });
  await gate.open();
  await siaga.ready();
  await becomesIncident(await siaga.as(people.citra));
  await until("nothing waits any more", async () => (await readFile(spill, "utf8")) === "");
});
