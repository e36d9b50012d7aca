// Nobody is there, or too many wait: the fallback numbers, in their order and as many calls as they have lines.
import assert from "node:assert/strict";
import { Callee } from "./support/callee.mjs";
import { Caller } from "./support/caller.mjs";
import { people } from "./support/city.mjs";
import { Exchange } from "./support/exchange.mjs";
import { announcements, atTheWall, callWhen, leftTheFallback, newestCall, openHouse, steps } from "./support/house.mjs";
import { Operator } from "./support/operator.mjs";
import { until } from "./support/wait.mjs";
import { scenario } from "./support/world.mjs";

const HZ = { first: 620, second: 780, third: 880, callee: 1800, operator: 1000, waiting: 540 };
const ALL = Object.values(HZ);
const [ONE, TWO] = ["0778111", "0778222"];
const TESTS = { name: "tests", peers: ["127.0.0.1/32"] };

scenario("the first fallback number is busy, the second answers", async (world) => {
  const exchange = await Exchange.open(world);
  await Callee.wait(world, { scenario: "busy", exchange, number: ONE });
  const callee = await Callee.wait(world, { scenario: "telephone", exchange, number: TWO, voice: HZ.callee });
  const siaga = await openHouse(world, {
    sip: { trunk: [TESTS, exchange.trunk] },
    queue: { ...await waitingTone(world), fallback_number: ONE, fallback_numbers: [TWO], fallback_after_seconds: 1 },
  });
  const supervisor = await siaga.as(people.citra);
  const caller = await Caller.dial(world, siaga.sip, { voice: HZ.first });
  await caller.hearsJust([HZ.waiting], ALL);
  const { id } = await newestCall(supervisor);

  // While the second one rings the caller goes on waiting, and any operator could still take the call.
  await callee.rings();
  assert.deepEqual(exchange.called.map(({ number }) => number), [ONE, TWO]);
  await caller.hearsJust([HZ.waiting], ALL);
  assert.equal((await supervisor.ask("GET", `calls/${id}`)).call.state, "waiting");

  await callee.picksUp();
  await caller.hearsJust([HZ.callee], ALL);
  await callee.hearsJust([HZ.first], ALL);
  await callWhen(supervisor, id, "is with the fallback number", ({ call }) => call.state === "fallback");
  const citra = await atTheWall(world, siaga, "citra");
  await citra.at("wall-calls").getByTestId(`monitor-listen-${id}`).click();
  await citra.hearsJust([HZ.first, HZ.callee], ALL);
  await callee.hearsJust([HZ.first], ALL);
  await caller.hangUp();
  await callee.ended();
  const detail = await callWhen(supervisor, id, "is over", ({ call }) => call.state === "ended");
  assert.equal(detail.call.ended_by, leftTheFallback(detail));
  assert.deepEqual(steps(detail), [
    "call.arrived", "call.fallback_dialled", "call.fallback_failed", "call.fallback_dialled", "call.fallback_answered",
    "call.monitored", "call.monitored", "call.ended",
  ]);
});

scenario("too many wait: those behind go to the fallback number at once, but no more than it has lines", async (world) => {
  const exchange = await Exchange.open(world);
  const callee = await Callee.wait(world, { scenario: "telephone", exchange, number: ONE, voice: HZ.callee });
  const siaga = await openHouse(world, {
    sip: { trunk: [TESTS, exchange.trunk] },
    queue: {
      ...await waitingTone(world), fallback_number: ONE, fallback_after_seconds: 3600, overflow_calls: 1, fallback_calls: 1,
    },
  });
  const supervisor = await siaga.as(people.citra);
  const live = await supervisor.live(world);

  // One may wait its time.
  const first = await Caller.dial(world, siaga.sip, { number: "+628117700001", voice: HZ.first });
  await first.hearsJust([HZ.waiting], ALL);
  assert.deepEqual(exchange.called, []);

  // The second is behind it.
  const second = await Caller.dial(world, siaga.sip, { number: "+628117700002", voice: HZ.second });
  await callee.picksUp();
  await second.hearsJust([HZ.callee], ALL);
  await callee.hearsJust([HZ.second], ALL);
  await first.hearsJust([HZ.waiting], ALL);

  // The third is behind it as well, but the number has one line: it waits on.
  const third = await Caller.dial(world, siaga.sip, { number: "+628117700003", voice: HZ.third });
  await until("the bound is counted", async () => (await siaga.metric("siaga_fallback_full_total")) === 1);
  await live.next("alarm", ({ alarm: { kind } }) => kind.kind === "limit_reached" && kind.limit === "fallback");
  await third.hearsJust([HZ.waiting], ALL);
  assert.equal(exchange.called.length, 1);
  const states = (await supervisor.ask("GET", "calls?limit=3")).map(({ number, state }) => [number.at(-1), state]);
  assert.deepEqual(states, [["3", "waiting"], ["2", "fallback"], ["1", "waiting"]]);

  // An operator begins: the first caller is first, and the one at the fallback number is left alone.
  const ayu = await Operator.open(world, siaga, { person: people.ayu, voice: HZ.operator });
  await ayu.ready(people.ayu);
  await ayu.rings();
  await ayu.answer();
  await first.hearsJust([HZ.operator], ALL);
  await second.hearsJust([HZ.callee], ALL);
  await first.hangUp();
  await ayu.rings();
  await ayu.answer();
  await third.hearsJust([HZ.operator], ALL);
  await third.hangUp();
  await second.hangUp();
  await callee.ended();
});

/** Every word of the announcement is the same tone. */
async function waitingTone(world) {
  const words = ["waiting", "position", "1", "2", "3"];
  return { announcements: await announcements(world, Object.fromEntries(words.map((word) => [word, HZ.waiting]))) };
}
