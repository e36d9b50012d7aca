// Every place is taken: one more caller is told when to come back, the room hears of it, and the next one is taken again.
import assert from "node:assert/strict";
import { Callee } from "../support/callee.mjs";
import { Caller } from "../support/caller.mjs";
import { people } from "../support/city.mjs";
import { Exchange } from "../support/exchange.mjs";
import { newestCall, onShift, openHouse } from "../support/house.mjs";
import { udpRange } from "../support/ports.mjs";
import { sounding } from "../support/sounder.mjs";
import { watching } from "../support/supervisor.mjs";
import { TextPhone } from "../support/text-phone.mjs";
import { until } from "../support/wait.mjs";
import { scenario } from "../support/world.mjs";

scenario("past the limit of calls a caller gets 503 and the alarm sounds", async (world) => {
  const siaga = await openHouse(world, { sip: { max_calls: 1, trunk: [{ name: "tests", peers: ["127.0.0.1/32"] }] } });
  const supervisor = await siaga.as(people.citra);
  const live = await supervisor.live(world);
  const ayu = await onShift(world, siaga, "ayu");
  const citra = await watching(world, siaga);
  const caller = await talksWith(ayu, world, siaga);
  assert.deepEqual(await citra.page.evaluate(sounding), []);

  const another = await Caller.dial(world, siaga.sip, { scenario: "unavailable", number: "+628117707502" });
  const { text } = await another.refused(503);
  assert.match(text, /^Retry-After: *[1-9]\d*/m);
  await another.ended();
  const { alarm } = await live.next("alarm", ({ alarm: { kind } }) => kind.kind === "limit_reached");
  assert.equal(alarm.kind.limit, "calls");
  for (const one of [ayu, citra]) await one.at("alarm").filter({ hasText: "panggilan baru ditolak" }).waitFor();
  await until("the alarm sounds", async () => (await citra.page.evaluate(sounding)).length === 1);
  // The call that is up is not touched.
  await caller.hears(1000);
  await ayu.hears(620);
  assert.equal((await supervisor.ask("GET", "calls?limit=10")).length, 1);

  await caller.hangUp();
  await ayu.at("disposition-ghost").click();
  const next = await Caller.dial(world, siaga.sip, { number: "+628117707503" });
  await ayu.rings();
  await next.hangUp();
  await citra.at("acknowledge-alarm").click();
  await live.next("alarm_cleared", (cleared) => cleared.alarm === alarm.id);
  await until("nothing sounds any more", async () => (await citra.page.evaluate(sounding)).length === 0);
});

scenario("a crowd that waits is one alarm, hides no other, and is acknowledged as one", async (world) => {
  const siaga = await openHouse(world, { sip: { max_calls: 3, trunk: [{ name: "tests", peers: ["127.0.0.1/32"] }] } });
  const live = await (await siaga.as(people.citra)).live(world);
  const citra = await watching(world, siaga);
  const callers = [];
  for (const n of [1, 2, 3]) callers.push(await Caller.dial(world, siaga.sip, { number: `+62811770750${n}` }));
  await citra.at("alarm").filter({ hasText: "3 panggilan menunggu" }).waitFor();
  await (await Caller.dial(world, siaga.sip, { scenario: "unavailable", number: "+628117707504" })).ended();

  // What came last and concerns all is in front.
  await citra.at("alarm").filter({ hasText: "panggilan baru ditolak" }).waitFor();
  await citra.at("more-alarms").click();
  const crowd = citra.at("other-alarm");
  assert.deepEqual([await crowd.count(), await crowd.getAttribute("data-alarm")], [1, "nobody_ready"]);
  await crowd.getByTestId("acknowledge-other").click();
  for (let n = 0; n < 3; n += 1) await live.next("alarm_cleared");
  await citra.at("more-alarms").waitFor({ state: "detached" });
  await citra.at("alarm").filter({ hasText: "panggilan baru ditolak" }).waitFor();
  for (const caller of callers) await caller.hangUp();
});

scenario("in a full house an agency is called in all the same, and its line is shown with the trunk", async (world) => {
  const number = "0778113";
  const exchange = await Exchange.open(world);
  const agency = await Callee.wait(world, { scenario: "telephone", exchange, number, voice: 1800 });
  const siaga = await openHouse(world, { sip: { max_calls: 1, trunk: [{ name: "tests", peers: ["127.0.0.1/32"] }, exchange.trunk] } });
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const caller = await talksWith(ayu, world, siaga);
  const another = await Caller.dial(world, siaga.sip, { scenario: "unavailable", number: "+628117707502" });
  await another.refused(503);
  await another.ended();

  await ayu.callsIn(number, "conference");
  await agency.picksUp();
  await caller.hearsJust([1000, 1800], [1000, 1800]);
  const { id } = await newestCall(supervisor);
  assert.deepEqual((await supervisor.ask("GET", `calls/${id}`)).call.other_lines, [exchange.trunk.name]);
  await agency.sign();
  await agency.ended();
  await until("its line is free", async () => (await supervisor.ask("GET", `calls/${id}`)).call.other_lines.length === 0);
  await caller.hangUp();
});

scenario("past the last port for voice a caller gets 503, the counter moves and the room hears of it", async (world) => {
  const siaga = await openHouse(world, { media: { rtp_ports: await portsOfOneCall() } });
  const live = await (await siaga.as(people.citra)).live(world);
  const ayu = await onShift(world, siaga, "ayu");
  const caller = await talksWith(ayu, world, siaga);

  const another = await Caller.dial(world, siaga.sip, { scenario: "unavailable", number: "+628117707502" });
  const { text } = await another.refused(503);
  assert.match(text, /^Retry-After: *[1-9]\d*/m);
  await another.ended();
  const { alarm } = await live.next("alarm", ({ alarm: { kind } }) => kind.kind === "limit_reached");
  assert.equal(alarm.kind.limit, "rtp_ports");
  assert.equal(await siaga.metric("siaga_calls_without_port_total"), 1);
  await ayu.at("alarm").filter({ hasText: "Port suara (RTP)" }).waitFor();
  await caller.hears(1000);
  await ayu.hears(620);

  // The ports of a call that is over are free again.
  await caller.hangUp();
  await ayu.at("disposition-ghost").click();
  const next = await Caller.dial(world, siaga.sip, { number: "+628117707503" });
  await ayu.rings();
  await next.hangUp();
});

scenario("a caller who types where there is no port for it is heard all the same, and the room hears why", async (world) => {
  const siaga = await openHouse(world, { media: { rtp_ports: await portsOfOneCall() } });
  const live = await (await siaga.as(people.citra)).live(world);
  const ayu = await onShift(world, siaga, "ayu");
  const phone = await TextPhone.open(world);
  const caller = await Caller.dial(world, siaga.sip, { sdp: phone.sdp, number: "+628117707501" });
  await ayu.rings();
  const { alarm } = await live.next("alarm", ({ alarm: { kind } }) => kind.kind === "limit_reached");
  assert.equal(alarm.kind.limit, "rtp_ports");
  assert.equal(await siaga.metric("siaga_calls_without_text_port_total"), 1);
  await ayu.answer();
  await ayu.at("uses-text").filter({ hasText: "port habis" }).waitFor();
  await caller.hears(1000);
  await ayu.hears(620);
  await caller.hangUp();
});

/** A caller whom the operator has answered. */
async function talksWith(ayu, world, siaga) {
  const caller = await Caller.dial(world, siaga.sip, { number: "+628117707501" });
  await ayu.rings();
  await ayu.answer();
  await caller.hears(1000);
  return caller;
}

/** A call takes an even port and the next one. */
async function portsOfOneCall() {
  const { first } = await udpRange(3);
  const even = first + (first % 2);
  return `${even}-${even + 1}`;
}
