// Nobody is signed in: a 112 call is never refused. It waits with an announcement, the supervisor is alarmed, and then the
// fallback number rings, unless an operator comes first.
import assert from "node:assert/strict";
import { Callee } from "./support/callee.mjs";
import { Caller } from "./support/caller.mjs";
import { people } from "./support/city.mjs";
import { Exchange } from "./support/exchange.mjs";
import { callWhen, newestCall, openHouse, sealed } from "./support/house.mjs";
import { Operator } from "./support/operator.mjs";
import { audibleSeconds, readWav } from "./support/sound.mjs";
import { until } from "./support/wait.mjs";
import { scenario, scenarioOnBoth } from "./support/world.mjs";

scenario("a call that waits for the first operator of the day", async (world) => {
  const siaga = await openHouse(world);
  const supervisor = await siaga.as(people.citra);
  const live = await supervisor.live(world);
  const caller = await Caller.dial(world, siaga.sip, {});
  await caller.hearsSomething();
  const { alarm } = await live.next("alarm", ({ alarm: { kind } }) => kind.kind === "nobody_ready");
  const { id, state } = await newestCall(supervisor);
  assert.equal(alarm.kind.call, id);
  assert.equal(state, "waiting");

  const ayu = await onShiftWhileItWaits(world, siaga);
  await ayu.answer();
  await caller.hears(1000);
  await ayu.hears(620);
  await live.next("alarm_cleared", (cleared) => cleared.alarm === alarm.id);
  await caller.hangUp();
  await sealed(supervisor, id);
  const { bytes } = await supervisor.get(`calls/${id}/recording.wav`);
  const { channels: [, right], rate } = readWav(bytes);
  assert.ok(audibleSeconds(right, rate) > 1, "the announcement is in the recording");
});

scenario("a caller who waits for long is answered on the line, so that no carrier ends it, and goes on waiting", async (world) => {
  const siaga = await openHouse(world, { queue: { answer_waiting_seconds: 2 } });
  const supervisor = await siaga.as(people.citra);
  for (const described of [true, false]) {
    // A caller whose INVITE offers nothing can hear nothing before that.
    const caller = await Caller.dial(world, siaga.sip, described ? {} : { scenario: "delayed-offer" });
    await until("the line is answered", () => caller.answers.some(({ code }) => code === 200));
    const { id } = await newestCall(supervisor);
    const waiting = await callWhen(supervisor, id, "has its line", ({ timeline }) => timeline.some(({ kind }) => kind === "call.line_kept"));
    assert.deepEqual([waiting.call.state, waiting.call.answered_at], ["waiting", null], "nobody has the call yet");
    await caller.hearsSomething({ since: Date.now() });
    await caller.hangUp();
    const over = await callWhen(supervisor, id, "is over", ({ call }) => call.state === "ended");
    assert.equal(over.call.ended_by, "caller_before_answer");
  }
  const caller = await Caller.dial(world, siaga.sip, {});
  await until("the line is answered", () => caller.answers.some(({ code }) => code === 200));
  const ayu = await onShiftWhileItWaits(world, siaga);
  await ayu.answer();
  await caller.hears(1000);
  await ayu.hears(620);
  await caller.hangUp();
});

scenario("a waiting caller who is gone without a word holds no place for long", async (world) => {
  const siaga = await openHouse(world, { queue: { answer_waiting_seconds: 2 } });
  const supervisor = await siaga.as(people.citra);
  const caller = await Caller.dial(world, siaga.sip, { scenario: "forgotten", number: "+628117707501" });
  await caller.answered();
  const { id } = await newestCall(supervisor);
  // Half a minute without a packet, then the question whether the call is still there.
  const over = await callWhen(supervisor, id, "is over", ({ call }) => call.state === "ended", { within: 90_000 });
  await caller.ended();
  assert.equal(over.call.ended_by, "network");
  assert.deepEqual((await supervisor.ask("GET", "callbacks")).map(({ call }) => call), [id]);
});

scenarioOnBoth("a call that nobody takes goes to the fallback number", async (world) => {
  const exchange = await Exchange.open(world);
  const callee = await Callee.wait(world, { exchange, number: "+6277811200", voice: 1800 });
  const siaga = await openHouse(world, {
    sip: {
      trunk: [
        { name: "tests", peers: ["127.0.0.1/32"] },
        { ...exchange.trunk, name: "fallback" },
      ],
    },
    queue: { fallback_number: "+6277811200", fallback_trunk: "fallback", fallback_after_seconds: 3 },
  });
  const supervisor = await siaga.as(people.citra);
  const caller = await Caller.dial(world, siaga.sip, {});
  await caller.hearsSomething();
  const { id } = await newestCall(supervisor);
  await callWhen(supervisor, id, "is with the fallback number", ({ call }) => call.state === "fallback");
  await caller.hears(1800, { within: 20_000 });
  await caller.hangUp();
  await callee.ended();
  await callWhen(supervisor, id, "is over", ({ call }) => call.state === "ended");
});

/** Signs in while a call waits: it rings as soon as the shift has begun, so "ready" is never seen. */
async function onShiftWhileItWaits(world, siaga) {
  const ayu = await Operator.open(world, siaga, { person: people.ayu, voice: 1000 });
  await ayu.ready(people.ayu);
  await ayu.rings();
  return ayu;
}
