// The ways in which a carrier's calls come: each is answered, and both are heard.
import assert from "node:assert/strict";
import { Caller } from "./support/caller.mjs";
import { people } from "./support/city.mjs";
import { newestCall, onShift, openHouse } from "./support/house.mjs";
import { scenario } from "./support/world.mjs";

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
