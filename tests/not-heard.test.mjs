// Somebody in a call of whom no sound arrives: the most common fault of telephony. The operator is told within seconds who it is.
import assert from "node:assert/strict";
import { Callee } from "./support/callee.mjs";
import { Caller } from "./support/caller.mjs";
import { people } from "./support/city.mjs";
import { Exchange } from "./support/exchange.mjs";
import { newestCall, onShift, openHouse } from "./support/house.mjs";
import { scenario } from "./support/world.mjs";

const HZ = { caller: 620, ayu: 1000 };
const POLICE = "0778112110";
/** Three seconds without a packet, and what a busy machine adds to that. */
const TOLD_WITHIN_MS = 8_000;

scenario("a caller of whom nothing arrives is told to the operator, and no longer when the call is over", async (world) => {
  const siaga = await openHouse(world);
  const api = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const live = await api.live(world);
  const caller = await Caller.dial(world, siaga.sip, { voice: null });
  await ayu.rings();
  await ayu.answer();
  await caller.hears(HZ.ayu);
  const { id } = await newestCall(api);
  const { alarm } = await live.next("alarm", ({ alarm: { kind } }) => kind.kind === "one_way_audio");
  assert.deepEqual([alarm.kind.call, alarm.kind.silent], [id, "caller"]);
  const { call } = await api.ask("GET", `calls/${id}`);
  const after = Date.parse(alarm.raised_at) - Date.parse(call.answered_at);
  assert.ok(after > 2_500 && after < TOLD_WITHIN_MS, `told after ${after} ms`);
  await ayu.at("alarm").filter({ hasText: "Suara penelepon tidak terdengar" }).waitFor();
  await caller.hangUp();
  await live.next("alarm_cleared", (cleared) => cleared.alarm === alarm.id);
});

scenario("an agency of which nothing arrives is told by its number, in a consultation as well", async (world) => {
  const exchange = await Exchange.open(world);
  const police = await Callee.wait(world, { scenario: "telephone", exchange, number: POLICE, voice: null });
  const siaga = await openHouse(world, { sip: { trunk: [{ name: "tests", peers: ["127.0.0.1/32"] }, exchange.trunk] } });
  const api = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const caller = await Caller.dial(world, siaga.sip, { voice: HZ.caller });
  await ayu.rings();
  await ayu.answer();
  await ayu.hears(HZ.caller);
  const live = await api.live(world);
  await ayu.callsIn(POLICE, "consult");
  await police.picksUp();
  const { alarm } = await live.next("alarm");
  assert.deepEqual([alarm.kind.kind, alarm.kind.party], ["party_silent", POLICE], "and nobody else is missed");
  await ayu.at("alarm").filter({ hasText: `Suara ${POLICE} tidak terdengar` }).waitFor();
  await police.hangsUp();
  await live.next("alarm_cleared", (cleared) => cleared.alarm === alarm.id);
  await caller.hears(HZ.ayu);
  await caller.hangUp();
});
