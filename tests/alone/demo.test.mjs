// The first hour of a person who tries Siaga out: the demo, played by what it prints and by what its two pages show.
// Presses reach it by Telegram's long polling, which is what a fresh installation uses.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Demo } from "../support/demo.mjs";
import { newestCall, sealed } from "../support/house.mjs";
import { Operator } from "../support/operator.mjs";
import { audibleSeconds, readWav, toneSeconds } from "../support/sound.mjs";
import { until } from "../support/wait.mjs";
import { scenario } from "../support/world.mjs";

const OPERATOR_HZ = 1000;
const POINT = { latitude: 1.1489, longitude: 104.0075 };
const WORDS = { place: "Pasar Jodoh 1.1489, 104.0075", event: "Kebakaran kios, api membesar" };

scenario("the demo, from the caller's button to the recording", async (world) => {
  const demo = await Demo.start(world);
  const supervisor = await demo.as("sri");
  const ani = await Operator.open(world, demo, { person: await demo.person("ani"), voice: OPERATOR_HZ });
  await ani.ready(await demo.person("ani"));
  const scene = await ani.beside(demo.scene);
  const phase = (words) => scene.getByTestId("scene-phase").filter({ hasText: words }).waitFor();

  const agencies = (await supervisor.ask("GET", "agencies")).map(({ name }) => name.trim().toLowerCase());
  assert.deepEqual(agencies.toSorted(), [...new Set(agencies)].toSorted(), "no agency is there twice");

  // The caller's button rings in the console; the caller is heard.
  await scene.getByTestId("scene-call-1").click();
  await phase("berdering");
  await ani.rings();
  await ani.answer();
  await phase("terhubung");
  await ani.hearsSomething();

  // The form fills; coordinates that are typed set the point.
  await ani.fill(WORDS);
  await ani.chooseType("Kebakaran");
  const { id: call, report } = await newestCall(supervisor);
  const { fields } = await until("the form is saved", async () => {
    const stored = await supervisor.ask("GET", `reports/${report}`);
    return stored.fields.event === WORDS.event && stored.fields.position && stored.fields.incident_type && stored;
  });
  assert.deepEqual(fields.position, POINT);

  // The type suggests a team, and it is sent as it was suggested.
  const suggested = ani.page.locator('input[data-testid^="team-"][data-part="lead"]:checked').first();
  await suggested.waitFor({ state: "attached" });
  await ani.at("send-dispatch").click();
  const incident = await until("the incident is open", async () => (await supervisor.ask("GET", `reports/${report}`)).incident);

  // The team's chat shows it, and its button is on the operator's screen.
  const card = scene.getByTestId("scene-message").filter({ hasText: "Pasar Jodoh" })
    .filter({ has: scene.getByRole("button", { name: "Diterima" }) });
  await ani.page.locator('[data-testid^="dispatch-"]').first().waitFor();
  await card.first().getByRole("button", { name: "Diterima" }).click();
  await ani.page.locator('[data-testid^="dispatch-"][data-progress="acknowledged"]').waitFor();

  // The two nearest cameras are live, and what they saw is kept.
  const nearest = await supervisor.ask("GET", `cameras/nearest?latitude=${POINT.latitude}&longitude=${POINT.longitude}`);
  const [first, second] = nearest;
  assert.ok(first.distance_m <= second.distance_m);
  for (const { id } of [first, second]) await ani.at(`camera-${id}`).first().waitFor();
  await ani.at(`camera-${first.id}`).first().click();
  await ani.plays("camera-video");
  const footage = await until("the footage of both is kept", async () => {
    const { footage: held } = await supervisor.ask("GET", `incidents/${incident}`);
    return held.length === nearest.length && held;
  });
  await ani.at(`footage-${footage[0].id}`).first().click();
  await ani.plays("footage-video");

  // The end: hang up, close, listen.
  await ani.hangUp();
  await phase("selesai");
  await ani.closeIncident();
  await until("the incident is closed", async () => (await supervisor.ask("GET", `incidents/${incident}`)).incident.state === "closed");
  const { recording } = await sealed(supervisor, call);
  const { bytes } = await supervisor.get(`calls/${call}/recording.wav`);
  assert.equal(createHash("sha256").update(bytes).digest("hex"), recording.sealed.sha256);
  const { channels: [left, right], rate } = readWav(bytes);
  assert.ok(audibleSeconds(left, rate) > 1, "the caller is heard on the left");
  assert.ok(toneSeconds(right, rate, OPERATOR_HZ) > 1, "the operator is heard on the right");
  await ani.listensTo(call);
});
