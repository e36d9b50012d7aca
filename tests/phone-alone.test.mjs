// Operators with a desk phone and nothing else: they call numbers, ask somebody meanwhile, and give callers away by the phone's own keys.
import assert from "node:assert/strict";
import { Callee } from "./support/callee.mjs";
import { Caller } from "./support/caller.mjs";
import { people } from "./support/city.mjs";
import { CALLERS, PASSWORD, PHONE_HZ, deskPhone, houseWithPhones, operatorIs, passesOn, phoneIs } from "./support/desk-phones.mjs";
import { Exchange } from "./support/exchange.mjs";
import { announcements, callWhen, newestCall, onShift, steps } from "./support/house.mjs";
import { Linphone } from "./support/linphone.mjs";
import { until } from "./support/wait.mjs";
import { scenario } from "./support/world.mjs";

const CALLER_HZ = 620;
const QUESTION_HZ = 540;
/** The second of the two tones that mean yes. */
const YES_HZ = 880;
const BRIGADE = { number: "0778112233", voice: 1800 };
const HOSPITAL = { number: "0778112244", voice: 1400 };

/** A house, its way to the outside, and telephones there that are picked up when a scenario says so. */
async function houseWithNeighbours(world, numbers) {
  const exchange = await Exchange.open(world);
  const neighbours = [];
  for (const one of numbers) neighbours.push(await Callee.wait(world, { scenario: "telephone", exchange, ...one }));
  const siaga = await houseWithPhones(world, { trunks: [CALLERS, exchange.trunk] });
  return { siaga, neighbours, api: await siaga.as(people.citra) };
}

/** Begins Ayu's shift at her phone. */
async function onShiftByPhone(world, { siaga, api }, phone) {
  phone.dial(`sip:*11@${siaga.sip}`);
  await phone.ended();
  await operatorIs(world, api, "ayu", "ready");
}

/** Calls, and is answered at the phone. */
async function callerAt(world, siaga, phone) {
  const caller = await Caller.dial(world, siaga.sip, { voice: CALLER_HZ });
  await phone.rings();
  phone.lift();
  await caller.hears(PHONE_HZ);
  await phone.hears(CALLER_HZ);
  return caller;
}

/** The phone puts its caller aside and calls a neighbour, who answers and hears it. */
async function asks(phone, { siaga, api }, id, neighbour, { number }) {
  phone.hold();
  await isHeld(api, id);
  phone.dial(`sip:${number}@${siaga.sip}`);
  await neighbour.picksUp();
  await neighbour.hears(PHONE_HZ);
}

function isHeld(api, id) {
  return callWhen(api, id, "is held", ({ call }) => call.state === "held");
}

scenario("a number is dialled at the phone, and a caller is given away by its transfer key", async (world) => {
  const house = await houseWithNeighbours(world, [BRIGADE, HOSPITAL]);
  const { siaga, api, neighbours: [brigade, hospital] } = house;
  const phone = await deskPhone(world, siaga, "meja-1");
  await onShiftByPhone(world, house, phone);

  phone.dial(`sip:${BRIGADE.number}@${siaga.sip}`);
  await brigade.rings();
  await phone.hears(425);
  await brigade.picksUp();
  await brigade.hears(PHONE_HZ);
  await phone.hears(BRIGADE.voice);
  const { id: own, direction, operator_name: name } = await newestCall(api);
  assert.deepEqual([direction, name], ["outbound", people.ayu.name]);
  phone.hangUp();
  await brigade.ended();
  await callWhen(api, own, "is over", ({ call }) => call.ended_by === "operator");
  await operatorIs(world, api, "ayu", "ready");

  const caller = await callerAt(world, siaga, phone);
  const { id } = await newestCall(api);
  phone.transfer(`sip:${HOSPITAL.number}@${siaga.sip}`);
  await hospital.rings();
  await phoneIs(api, "meja-1", "registered");
  await hospital.picksUp();
  await caller.hears(HOSPITAL.voice);
  await hospital.hears(CALLER_HZ);
  await operatorIs(world, api, "ayu", "ready");
  await caller.hangUp();
  await hospital.ended();
  const kinds = steps(await callWhen(api, id, "is over", ({ call }) => call.ended_at));
  assert.ok(kinds.includes("call.transferred") && kinds.includes("call.party_joined"), `${kinds}`);
});

scenario("somebody is asked by a second call of the phone, while the caller waits", async (world) => {
  const house = await houseWithNeighbours(world, [{ ...BRIGADE, takesKeys: true }]);
  const { siaga, api, neighbours: [brigade] } = house;
  const phone = await deskPhone(world, siaga, "meja-1");
  await onShiftByPhone(world, house, phone);
  const caller = await callerAt(world, siaga, phone);
  const { id } = await newestCall(api);

  await asks(phone, house, id, brigade, BRIGADE);
  await phone.hears(BRIGADE.voice);
  await caller.hearsSomething();
  await caller.hearsNot(PHONE_HZ);
  await caller.hearsNot(BRIGADE.voice);
  // The brigade's menu hears the phone's keys, and the caller does not.
  phone.press("1");
  await brigade.getsKeys("1");
  assert.equal(caller.keys, "");

  // The second call ends, and the phone takes the first up again.
  phone.hangUp();
  await brigade.ended();
  await callWhen(api, id, "goes on", ({ call }) => call.state === "active");
  await caller.hears(PHONE_HZ);
  phone.hangUp();
  await caller.ended();
});

scenario("a caller who says nothing is asked by the star twice, and can answer by a key", async (world) => {
  const siaga = await houseWithPhones(world, { queue: { announcements: await announcements(world, { silent: QUESTION_HZ }) } });
  const api = await siaga.as(people.citra);
  const phone = await deskPhone(world, siaga, "meja-1");
  await onShiftByPhone(world, { siaga, api }, phone);
  const caller = await callerAt(world, siaga, phone);
  const { id } = await newestCall(api);

  phone.press("*");
  await until("the first star is a key like any other", () => caller.keys === "*");
  const pressed = Date.now();
  await until("nobody presses faster", () => Date.now() - pressed > 300);
  const asked = Promise.all([caller.hears(QUESTION_HZ), phone.hears(YES_HZ)]);
  phone.press("*");
  await asked;
  await caller.hears(PHONE_HZ);
  await phone.hears(CALLER_HZ);
  phone.hangUp();
  await caller.ended();
  const detail = await callWhen(api, id, "is over", ({ call }) => call.ended_at);
  assert.equal(detail.timeline.find(({ kind }) => kind === "call.silent_prompt").actor.name, people.ayu.name);
});

scenario("a phone that vanishes while its caller is on hold is noticed: the next operator has the call", async (world) => {
  const siaga = await houseWithPhones(world, { queue: { detached_seconds: 5 } });
  const api = await siaga.as(people.citra);
  const phone = await deskPhone(world, siaga, "meja-1");
  await onShiftByPhone(world, { siaga, api }, phone);
  const caller = await callerAt(world, siaga, phone);
  const { id } = await newestCall(api);
  phone.hold();
  await isHeld(api, id);
  const bagus = await onShift(world, siaga, "bagus");
  await phone.vanish();
  await passesOn(api, "meja-1", bagus, caller, { voice: 1400, callerVoice: CALLER_HZ });
});

scenario("a phone that takes up both of its calls makes a conference of them", async (world) => {
  const house = await houseWithNeighbours(world, [BRIGADE]);
  const { siaga, api, neighbours: [brigade] } = house;
  const phone = await deskPhone(world, siaga, "meja-1", { conferences: true });
  await onShiftByPhone(world, house, phone);
  const caller = await callerAt(world, siaga, phone);
  const { id } = await newestCall(api);
  await asks(phone, house, id, brigade, BRIGADE);

  phone.line(1);
  phone.resume();
  const all = [CALLER_HZ, PHONE_HZ, BRIGADE.voice];
  await caller.heard.hearsJust([PHONE_HZ, BRIGADE.voice], all);
  await brigade.heard.hearsJust([CALLER_HZ, PHONE_HZ], all);
  const { timeline } = await callWhen(api, id, "goes on", ({ call }) => call.state === "active");
  assert.ok(timeline.some(({ kind }) => kind === "call.merged"), `${timeline.map(({ kind }) => kind)}`);

  // The caller hangs up, and the operator brings the sentence to the brigade to its end.
  await caller.hangUp();
  await callWhen(api, id, "goes on without the caller", ({ call }) => call.caller_gone_at && call.state === "active");
  await brigade.heard.hearsJust([PHONE_HZ], all);
  phone.hangUp();
  await brigade.ended();
  await phoneIs(api, "meja-1", "registered");
});

scenario("whoever may not work here any more brings the call at the phone to its end, and is rung no more", async (world) => {
  const siaga = await houseWithPhones(world);
  const api = await siaga.as(people.citra);
  const phone = await deskPhone(world, siaga, "meja-1");
  await onShiftByPhone(world, { siaga, api }, phone);
  const caller = await callerAt(world, siaga, phone);
  const head = await siaga.as(people.eka);
  const { id } = (await head.ask("GET", "users")).find(({ username }) => username === people.ayu.username);
  await head.ask("PATCH", `users/${id}`, { active: false });
  const since = Date.now();
  await caller.hears(PHONE_HZ, { since });
  phone.hangUp();
  await caller.ended();
  await until("the phone is nobody's", async () => (await worksAt("meja-1")) === null);

  // The phone's code begins no shift for her either.
  phone.dial(`sip:*11@${siaga.sip}`);
  await phone.ended();
  assert.equal(await worksAt("meja-1"), null);

  async function worksAt(wanted) {
    return (await api.ask("GET", "phones")).find(({ name }) => name === wanted).operator ?? null;
  }
});

scenario("whoever gave up is called back by a code, and by another the phone says what the call was", async (world) => {
  const house = await houseWithNeighbours(world, [BRIGADE]);
  const { siaga, api, neighbours: [back] } = house;
  const phone = await deskPhone(world, siaga, "meja-1");
  await onShiftByPhone(world, house, phone);
  phone.dial(`sip:*15@${siaga.sip}`);
  await phone.ended();
  assert.deepEqual(await api.ask("GET", "calls?limit=1"), [], "there is nobody to call back");

  const caller = await Caller.dial(world, siaga.sip, { number: BRIGADE.number });
  await phone.rings();
  const { id: gaveUp } = await newestCall(api);
  await caller.hangUp();
  await operatorIs(world, api, "ayu", "ready");
  await until("she is on the list", async () => (await api.ask("GET", "callbacks")).length === 1);
  phone.dial(`sip:*15@${siaga.sip}`);
  await back.picksUp();
  await back.hears(PHONE_HZ);
  await phone.hears(BRIGADE.voice);
  const call = await newestCall(api);
  assert.deepEqual([call.direction, call.callback_of], ["outbound", gaveUp]);
  phone.hangUp();
  await back.ended();
  await until("she is off the list", async () => (await api.ask("GET", "callbacks")).length === 0);

  phone.dial(`sip:*142@${siaga.sip}`);
  await phone.ended();
  await callWhen(api, call.id, "was about information", ({ report }) => report.disposition === "information");
});

scenario("one who is asked hangs up, another takes the caller over: another make of phone, by the transfer of one of its calls into the other", async (world) => {
  const house = await houseWithNeighbours(world, [BRIGADE, HOSPITAL]);
  const { siaga, api, neighbours: [brigade, hospital] } = house;
  const phone = await Linphone.start(world, { number: "meja-1", voice: PHONE_HZ });
  phone.register("meja-1", siaga.sip, PASSWORD);
  await phoneIs(api, "meja-1", "registered");
  await onShiftByPhone(world, house, phone);
  const caller = await callerAt(world, siaga, phone);
  const { id } = await newestCall(api);

  // The first who is asked hangs up. The caller goes on waiting until the phone takes the call up again.
  await asks(phone, house, id, hospital, HOSPITAL);
  await hospital.hangsUp();
  await callWhen(api, id, "has lost the hospital", ({ timeline }) => timeline.some(({ kind }) => kind === "call.party_left"));
  await isHeld(api, id);
  await caller.hearsNot(PHONE_HZ);
  phone.resume(2);
  await callWhen(api, id, "goes on", ({ call }) => call.state === "active");
  await caller.hears(PHONE_HZ);
  await phone.hears(CALLER_HZ);

  await asks(phone, house, id, brigade, BRIGADE);
  await caller.hearsNot(PHONE_HZ);
  phone.transfer(2, 4);
  const given = Date.now();
  await caller.hears(BRIGADE.voice);
  await brigade.hears(CALLER_HZ);
  await operatorIs(world, api, "ayu", "ready");
  await phoneIs(api, "meja-1", "registered");
  // Who hangs up at once gives the caller back.
  await until("they have the call for long enough", () => Date.now() - given > 6_000);
  await brigade.hangsUp();
  await caller.ended();
  const kinds = steps(await callWhen(api, id, "is over", ({ call }) => call.ended_at));
  assert.ok(kinds.includes("call.handed_over"), `${kinds}`);
});
