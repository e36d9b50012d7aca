// An operator calls somebody: it rings in the operator's ear, both speak and are recorded, and a number that is not reached is told so.
import assert from "node:assert/strict";
import { Callee } from "../support/callee.mjs";
import { Caller } from "../support/caller.mjs";
import { people } from "../support/city.mjs";
import { Exchange } from "../support/exchange.mjs";
import { callWhen, newestCall, onShift, openHouse, sealed, steps } from "../support/house.mjs";
import { readWav, toneSeconds, toneStretches } from "../support/sound.mjs";
import { until } from "../support/wait.mjs";
import { scenario } from "../support/world.mjs";

const HZ = { operator: 1000, callee: 1800, ringback: 425 };
const ALL = Object.values(HZ);
const NUMBER = "0778112233";

scenario("a number that is called rings, answers, speaks and hangs up", async (world) => {
  const exchange = await Exchange.open(world);
  const callee = await Callee.wait(world, { scenario: "telephone", exchange, number: NUMBER, voice: HZ.callee });
  const siaga = await openHouse(world, { sip: { trunk: [exchange.trunk] } });
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");

  // What people write between the digits is not dialled.
  await ayu.callsOut("(0778) 112-233");
  await ayu.seesCall("calling");
  await callee.rings();
  await ayu.hears(HZ.ringback);
  const { id, report, direction, state, number, operator_name: operator } = await newestCall(supervisor);
  assert.deepEqual({ direction, state, number, operator }, { direction: "outbound", state: "calling", number: NUMBER, operator: people.ayu.name });
  assert.equal(callee.heard.packets, 0, "nothing is sent to a telephone that only rings");

  await callee.picksUp();
  await ayu.seesCall("active");
  await ayu.hearsJust([HZ.callee], ALL);
  await callee.hearsJust([HZ.operator], ALL);
  assert.equal(await ayu.at("report-form").getAttribute("data-call"), id, "the form of the call is open");
  await ayu.fill({ details: "Ditelepon untuk meminta petunjuk jalan" });
  await callWhen(supervisor, id, "has what was typed", (detail) => detail.report.fields.details.startsWith("Ditelepon"));

  // The other side hangs up: the operator is there for the next call.
  await callee.hangsUp();
  await ayu.at("hang-up").waitFor({ state: "hidden" });
  await ayu.seesOwnState("ready");
  const detail = await sealed(supervisor, id);
  assert.equal(detail.call.ended_by, "caller");
  assert.equal(detail.report.id, report);
  assert.deepEqual(steps(detail), ["call.outbound_dialled", "call.outbound_answered", "call.ended"]);
  assert.equal(detail.timeline[0].actor.name, people.ayu.name);
  await recordedApart(supervisor, id);
  // On the call's page a person reads the same.
  await ayu.page.goto(`/calls/${id}`);
  await ayu.page.getByText("Yang ditelepon menutup").first().waitFor();
  await ayu.at("timeline").getByText(/Menelepon keluar/).first().waitFor();
  assert.equal(await ayu.at("timeline").getByText(/Penelepon/).count(), 0, "there is no caller");

  const { calls, answered, abandoned } = await supervisor.ask("GET", "statistics/today");
  assert.deepEqual({ calls, answered, abandoned }, { calls: 0, answered: 0, abandoned: 0 }, "only calls for help are counted");
});

scenario("a number that is busy, one where nobody is, and one that is given up", async (world) => {
  const exchange = await Exchange.open(world);
  await Callee.wait(world, { scenario: "busy", exchange, number: "0778111111" });
  const nobody = await Callee.wait(world, { scenario: "unanswered", exchange, number: "0778222222" });
  const slow = await Callee.wait(world, { scenario: "telephone", exchange, number: "0778333333" });
  const siaga = await openHouse(world, { sip: { trunk: [exchange.trunk] } });
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");

  await ayu.callsOut("0778111111");
  await notReached("0778111111", { why: "busy", code: 486, words: /sibuk/ });

  await ayu.callsOut("0778222222");
  await ayu.hears(HZ.ringback);
  await nobody.isNotThere();
  await nobody.ended();
  await notReached("0778222222", { why: "no_answer", code: 480, words: /tidak diangkat/ });

  // The operator has waited long enough: the telephone there stops ringing.
  await ayu.callsOut("0778333333");
  await slow.rings();
  await ayu.seesCall("calling");
  const { id } = await newestCall(supervisor);
  await ayu.hangUp();
  await slow.ended();
  assert.ok(slow.got("CANCEL"), "what rings in vain is cancelled");
  const { call } = await callWhen(supervisor, id, "is over", (detail) => detail.call.state === "ended");
  assert.deepEqual([call.ended_by, call.answered_at], ["operator", null]);

  async function notReached(number, { why, code, words }) {
    assert.match(await callToldAs(ayu, number), words, "why, for what to do next differs");
    const newest = await newestCall(supervisor);
    assert.equal(newest.number, number);
    const detail = await callWhen(supervisor, newest.id, "is over", ({ call: one }) => one.state === "ended");
    assert.deepEqual([detail.call.ended_by, detail.call.unreached, detail.call.answered_at], ["not_reached", why, null]);
    assert.deepEqual(detail.timeline.at(-1).data, { by: "not_reached", unreached: why, code });
    assert.deepEqual(steps(detail), ["call.outbound_dialled", "call.ended"]);
    await ayu.seesOwnState("ready");
    await ayu.hearsNothing();
  }
});

scenario("what a carrier lets be heard before the answer takes the place of siaga's own ringing", async (world) => {
  const exchange = await Exchange.open(world);
  const unknown = await Callee.wait(world, { scenario: "announcing", exchange, number: "0778111111", voice: 1600 });
  const aloud = await Callee.wait(world, { scenario: "ringing-aloud", exchange, number: "0778222222", voice: HZ.callee });
  const siaga = await openHouse(world, { sip: { trunk: [exchange.trunk] } });
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");

  // It is only described at first: many carriers never send what they describe.
  await ayu.callsOut("0778111111");
  await ayu.hearsJust([HZ.ringback], [...ALL, 1600]);
  await until("the carrier is sent something, for it may wait for that", () => unknown.heard.packets > 0);
  await unknown.hearsNot(HZ.operator);
  await unknown.speaksEarly();
  await ayu.hearsJust([1600], [...ALL, 1600]);
  await ayu.seesCall("calling");
  await unknown.isNotThere();
  await unknown.ended();
  assert.match(await callToldAs(ayu, "0778111111"), /nomor tidak ada/);
  await ayu.seesOwnState("ready");
  await ayu.hearsNothing();

  await ayu.callsOut("0778222222");
  await ayu.hears(HZ.ringback);
  await aloud.speaksEarly();
  await ayu.hearsJust([HZ.callee], ALL);
  await ayu.seesCall("calling");
  const { id } = await newestCall(supervisor);
  await aloud.picksUp();
  await ayu.seesCall("active");
  await ayu.hearsJust([HZ.callee], ALL);
  await aloud.hearsJust([HZ.operator], ALL);
  await aloud.hangsUp();
  const detail = await sealed(supervisor, id);
  assert.deepEqual(steps(detail), ["call.outbound_dialled", "call.outbound_answered", "call.ended"]);
  await recordedApart(supervisor, id);
});

scenario("a house whose trunks take no outgoing calls says so", async (world) => {
  const siaga = await openHouse(world);
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");

  await ayu.callsOut(NUMBER);
  assert.match(await ayu.complaint(), /trunk.*administrator/i);
  await ayu.seesOwnState("ready");
  const api = await siaga.as(people.ayu);
  const { status, json } = await api.post("calls", { number: NUMBER });
  assert.deepEqual([status, json.error.code], [409, "no_trunk"]);
  assert.deepEqual(await supervisor.ask("GET", "calls?limit=1"), [], "there is no call");

  // Nor can anybody be called into a call; the caller is not put aside for it.
  const caller = await Caller.dial(world, siaga.sip, {});
  await ayu.rings();
  await ayu.answer();
  await caller.hears(HZ.operator);
  const asked = Date.now();
  await ayu.callsIn(NUMBER, "consult");
  assert.match(await ayu.complaint(), /trunk.*administrator/i);
  await ayu.seesCall("active");
  await caller.hears(HZ.operator, { since: Date.now() });
  assert.equal(caller.heard.stretches(HZ.operator).filter(({ from, to }) => from < asked && to > asked + 300).length, 1);
  await caller.hangUp();
});

/** The call bar names the number and says that it was not reached. */
async function callToldAs(operator, number) {
  const words = await operator.complaint();
  assert.match(words, new RegExp(`${number}.*tidak tersambung`));
  return words;
}

/** Each voice in its channel, without a hole, and never in the other's. */
async function recordedApart(api, call) {
  const { bytes } = await api.get(`calls/${call}/recording.wav`);
  const { channels: [left, right], rate } = readWav(bytes);
  assert.equal(toneStretches(left, rate, HZ.callee).length, 1, "who was called is on the left, in one piece");
  assert.equal(toneStretches(right, rate, HZ.operator).length, 1, "the operator is on the right, in one piece");
  assert.equal(toneSeconds(left, rate, HZ.operator) + toneSeconds(right, rate, HZ.callee), 0, "nobody is in the other's channel");
}

scenario("whoever answers while the operator's page is away is kept, and with the operator as soon as that is back", async (world) => {
  const exchange = await Exchange.open(world);
  const callee = await Callee.wait(world, { scenario: "telephone", exchange, number: NUMBER, voice: HZ.callee });
  const siaga = await openHouse(world, { sip: { trunk: [exchange.trunk] } });
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  await ayu.callsOut(NUMBER);
  await callee.rings();
  const { id } = await newestCall(supervisor);

  const desk = ayu.page.url();
  await ayu.page.goto("about:blank");
  await callee.picksUp();
  await callWhen(supervisor, id, "is answered and waits for its operator", ({ call }) => call.state === "detached");
  await callee.hearsSomething();

  await ayu.page.goto(desk);
  await ayu.mediaConnected();
  await ayu.seesCall("active");
  await ayu.hearsJust([HZ.callee], ALL);
  await callee.hearsJust([HZ.operator], ALL);
  await ayu.hangUp();
  await callee.ended();
  const { call } = await sealed(supervisor, id);
  assert.equal(call.ended_by, "operator");
});
