// A caller who gives up before an answer is called back: by one operator only, again if need be, until somebody has spoken with her.
import assert from "node:assert/strict";
import { Callee } from "./support/callee.mjs";
import { Caller } from "./support/caller.mjs";
import { people } from "./support/city.mjs";
import { Exchange } from "./support/exchange.mjs";
import { callWhen, newestCall, onShift, openHouse, steps } from "./support/house.mjs";
import { until } from "./support/wait.mjs";
import { scenarioOnBoth } from "./support/world.mjs";

const HZ = { ayu: 1000, bagus: 1400, back: 620 };
const ALL = Object.values(HZ);
const NUMBER = "+628117701234";
/** As the carriers here write it. */
const WRITTEN = "08117701234";

scenarioOnBoth("who gave up is called back", async (world) => {
  const exchange = await Exchange.open(world);
  await Callee.wait(world, { scenario: "busy", exchange, number: WRITTEN });
  const siaga = await openHouse(world, {
    sip: { country_code: "62", trunk: [{ name: "tests", peers: ["127.0.0.1/32"] }, { ...exchange.trunk, numbers: "national" }] },
  });
  const [ayu, bagus] = [await onShift(world, siaga, "ayu"), await onShift(world, siaga, "bagus")];
  const api = { ayu: await siaga.as(people.ayu), bagus: await siaga.as(people.bagus) };

  // She gives up while it rings, and stands on everybody's list.
  const caller = await Caller.dial(world, siaga.sip, { number: WRITTEN, name: "Siti" });
  await ayu.rings();
  const { id } = await newestCall(api.ayu);
  await caller.hangUp();
  const [waiting] = await listWhen("has her", (list) => list.length === 1);
  const { call: gaveUp } = await callWhen(api.ayu, id, "is over", ({ call }) => call.state === "ended");
  assert.equal(gaveUp.ended_by, "caller_before_answer");
  assert.deepEqual(
    { call: waiting.call, number: waiting.number, name: waiting.name, tries: waiting.tries, claimed_by: waiting.claimed_by },
    { call: id, number: NUMBER, name: "Siti", tries: 0, claimed_by: null });
  assert.equal(Date.parse(waiting.abandoned_at), Date.parse(gaveUp.ended_at));
  for (const operator of [ayu, bagus]) await row(operator).filter({ hasText: NUMBER }).filter({ hasText: /\d:\d\d/ }).waitFor();

  // Her line is busy: that was a try, and the list does not forget her.
  await ayu.at(`call-back-${id}`).click();
  assert.match(await ayu.complaint(), /tidak tersambung/);
  await listWhen("counts the try and lets others call", ([one]) => one?.tries === 1 && one.last_try_at && one.claimed_by === null);

  // The next try rings. The other one sees who calls, and cannot call at the same time.
  const telephone = await Callee.wait(world, { scenario: "telephone", exchange, number: WRITTEN, voice: HZ.back });
  await ayu.at(`call-back-${id}`).click();
  await telephone.rings();
  await row(bagus).filter({ hasText: people.ayu.name }).waitFor();
  assert.equal(await bagus.at(`call-back-${id}`).count(), 0);
  const { status, json } = await api.bagus.post("calls", { number: NUMBER, callback_of: id });
  assert.deepEqual([status, json.error.code], [409, "callback_taken"]);

  // Her carrier is told that it is no call like others (RFC 7090).
  assert.match(exchange.called.at(-1).text, /^Priority: psap-callback\r$/m);

  // She answers, and is on nobody's list any more.
  await telephone.picksUp();
  await ayu.hearsJust([HZ.back], ALL);
  await telephone.hearsJust([HZ.ayu], ALL);
  await listWhen("is empty", (list) => list.length === 0);
  for (const operator of [ayu, bagus]) await operator.at("callbacks").waitFor({ state: "detached" });
  const back = await newestCall(api.ayu);
  assert.deepEqual([back.callback_of, back.direction, back.state], [id, "outbound", "active"]);
  await ayu.hangUp();
  await telephone.ended();
  const { timeline } = await callWhen(api.ayu, id, "tells of the callback", (detail) => steps(detail).includes("callback.claimed"));
  assert.equal(timeline.find(({ kind }) => kind === "callback.claimed").actor.name, people.ayu.name);

  // It was her mailbox after all: she is on the list again, and the operator sees so.
  await ayu.at("callback-reopen").click();
  await ayu.at("callback-reopened").waitFor();
  await listWhen("has her again", ([one]) => one?.call === id && one.tries === 2 && one.claimed_by === null);
  await row(bagus).filter({ hasText: NUMBER }).waitFor();

  function row(operator) {
    return operator.at(`callback-${id}`);
  }

  async function listWhen(what, matches) {
    return until(`the list of callbacks ${what}`, async () => {
      const list = await api.ayu.ask("GET", "callbacks");
      return matches(list) && list;
    });
  }
});
