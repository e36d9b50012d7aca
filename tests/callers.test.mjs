// The ways in which a carrier's calls come: each is answered, and both are heard.
import assert from "node:assert/strict";
import { Caller } from "./support/caller.mjs";
import { people } from "./support/city.mjs";
import { newestCall, onShift, openHouse } from "./support/house.mjs";
import { until } from "./support/wait.mjs";
import { scenario, scenarioOnBoth } from "./support/world.mjs";

const AGAIN = "+628117709999";
const WAYS = [
  { what: "urn:service:sos", options: { dialled: "urn:service:sos" } },
  { what: "urn:service:sos.fire", options: { dialled: "urn:service:sos.fire" } },
  { what: "an INVITE without SDP", options: { scenario: "delayed-offer" } },
  { what: "SIP over TCP", options: { transport: "tcp" } },
];

scenario("every way to dial 112", async (world) => {
  const siaga = await openHouse(world);
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  for (const [nth, { what, options }] of WAYS.entries()) {
    const number = `+62811770${nth}`;
    const caller = await Caller.dial(world, siaga.sip, { number, ...options });
    await ayu.rings();
    await ayu.answer();
    await caller.hears(1000);
    await ayu.hears(620);
    const call = await newestCall(supervisor);
    assert.equal(call.number, number, what);
    if (options.dialled) assert.equal(call.dialled, options.dialled);
    await ayu.hangUp();
    await caller.ended();
  }
});

scenarioOnBoth("somebody who called before is known by number and name", async (world) => {
  const siaga = await openHouse(world);
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const first = await Caller.dial(world, siaga.sip, { number: AGAIN });
  await ayu.rings();
  await ayu.answer();
  const { id: before, report } = await newestCall(supervisor);
  assert.deepEqual(await ayu.fieldsInOrder(), ["place", "event", "type", "name", "number", "details"]);
  assert.equal(await ayu.at("earlier-calls").count(), 0, "nobody with this number has called yet");
  await ayu.fill({ name: "Siti Rahma", place: "Pasar Jodoh" });
  await until("the form is saved", async () => {
    const { fields } = await supervisor.ask("GET", `reports/${report}`);
    return fields.caller_name === "Siti Rahma" && fields.place === "Pasar Jodoh";
  });
  await ayu.hangUp();
  await first.ended();
  await ayu.at("disposition-ghost").click();

  const again = await Caller.dial(world, siaga.sip, { number: AGAIN, name: "Ibu Siti" });
  await ayu.rings();
  await ayu.answer();
  const { earlier } = await supervisor.ask("GET", `calls/${(await newestCall(supervisor)).id}`);
  assert.deepEqual(earlier.map(({ call }) => call), [before]);
  const { number, name } = await ayu.form();
  assert.deepEqual([number, name], [AGAIN, "Ibu Siti"], "the form opens with what the network says of the caller");
  await ayu.at("earlier-calls").click();
  await ayu.page.getByRole("listitem").filter({ has: ayu.page.locator(`a[href="/calls/${before}"]`) })
    .filter({ hasText: "Siti Rahma · Pasar Jodoh" }).waitFor();
  await ayu.hangUp();
  await again.ended();
});

scenario("hold: the caller hears that the operator will be back, and then the operator", async (world) => {
  const siaga = await openHouse(world);
  const ayu = await onShift(world, siaga, "ayu");
  const caller = await Caller.dial(world, siaga.sip, {});
  await ayu.rings();
  await ayu.answer();
  await caller.hears(1000);
  await ayu.at("hold").click();
  await caller.hearsNot(1000);
  await ayu.hearsNothing();
  await ayu.at("hold").click();
  await caller.hears(1000);
  await ayu.hears(620);
  await caller.hangUp();
});
