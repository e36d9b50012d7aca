// Somebody in a call of whom no sound arrives: the most common fault of telephony. The operator is told within seconds who it is.
import assert from "node:assert/strict";
import { Callee } from "./support/callee.mjs";
import { Caller } from "./support/caller.mjs";
import { people } from "./support/city.mjs";
import { Exchange } from "./support/exchange.mjs";
import { callWhen, newestCall, onShift, openHouse } from "./support/house.mjs";
import { scenario } from "./support/world.mjs";

const HZ = { caller: 620, ayu: 1000 };
const POLICE = "0778112110";
/** Three seconds without a packet, and what a busy machine adds to that: both moments are the server's own. */
const TOLD_AFTER_MS = [2_500, 4_500];

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
  toldInTime(alarm, call.answered_at);
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
  const { id } = await newestCall(api);
  const joined = ({ timeline }) => timeline.find(({ kind }) => kind === "call.party_joined");
  toldInTime(alarm, joined(await callWhen(api, id, "has its party on the timeline", joined)).at);
  await ayu.at("alarm").filter({ hasText: `Suara ${POLICE} tidak terdengar` }).waitFor();
  await police.hangsUp();
  await live.next("alarm_cleared", (cleared) => cleared.alarm === alarm.id);
  await caller.hears(HZ.ayu);
  await caller.hangUp();
});

/** Within seconds of the moment since which there is somebody to be heard. */
function toldInTime(alarm, since) {
  const [soonest, latest] = TOLD_AFTER_MS;
  const after = Date.parse(alarm.raised_at) - Date.parse(since);
  assert.ok(after > soonest && after < latest, `told after ${after} ms`);
}
