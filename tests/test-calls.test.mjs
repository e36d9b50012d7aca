// Test calls (RFC 6881 section 15): a carrier tries out the way to 112. A machine answers, and nobody is disturbed.
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { hearsAnnouncement } from "./support/announcement.mjs";
import { Caller } from "./support/caller.mjs";
import { people } from "./support/city.mjs";
import { newestCall, onShift, openHouse } from "./support/house.mjs";
import { until } from "./support/wait.mjs";
import { scenario } from "./support/world.mjs";

const TEST = "urn:service:test.sos";
const AT_ONCE = 4;

scenario("test calls are answered by themselves and seen by nobody", async (world) => {
  const siaga = await openHouse(world);
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const live = await (await siaga.as(people.ayu)).live(world);

  // As many as are taken at once, one of them in English; one more is told when to come back.
  const tests = await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => Caller.dial(world, siaga.sip, {
    dialled: n === 1 ? `${TEST}.fire` : TEST, number: `+62811770300${n}`, sdp: n === 1 ? ["a=hlang-recv:en"] : [],
  })));
  for (const test of tests) await test.answered();
  const another = await Caller.dial(world, siaga.sip, { scenario: "unavailable", dialled: TEST, number: "+628117703009" });
  const { text } = await another.refused(503);
  assert.match(text, /^Retry-After: *[1-9]\d*/m);
  await another.ended();
  await live.next("alarm", ({ alarm: { kind } }) => kind.kind === "limit_reached" && kind.limit === "test_calls");
  await ayu.at("alarm").filter({ hasText: "panggilan 112 tidak terganggu" }).waitFor();

  // Each hears the announcement in its language to the end, and siaga hangs up.
  for (const [n, test] of tests.entries()) {
    await hearsAnnouncement(test, n === 1 ? "en" : "id", "test");
    await test.ended();
    assert.deepEqual(test.requests.filter(({ method }) => method === "BYE").map(({ sent }) => sent), [false], "the BYE is siaga's");
  }

  // The next one is taken again, and who gives up early is let go.
  const again = await Caller.dial(world, siaga.sip, { dialled: TEST, number: "+628117703010" });
  await again.answered();
  await again.hearsSomething();
  await again.hangUp();

  // Nobody was rung, and there is no trace but the counter and that alarm. A call in need comes through as ever.
  assert.deepEqual(await supervisor.ask("GET", "calls?limit=10"), []);
  const { calls, answered, abandoned, open_calls: open } = await supervisor.ask("GET", "statistics/today");
  assert.deepEqual({ calls, answered, abandoned, open }, { calls: 0, answered: 0, abandoned: 0, open: 0 });
  const files = await readdir(join(siaga.directory, "recordings"), { recursive: true });
  assert.deepEqual(files.filter((name) => name.endsWith(".wav")), []);
  assert.deepEqual(live.events.filter(({ event }) => event === "offered" || event === "call"), []);
  await until("every test call is counted", async () => (await siaga.metric("siaga_test_calls_total")) === AT_ONCE + 2, { within: 15_000 });
  const caller = await Caller.dial(world, siaga.sip, { number: "+628117703020" });
  await ayu.rings();
  assert.equal((await newestCall(supervisor)).number, "+628117703020");
  assert.equal((await live.next("offered")).call.number, "+628117703020");
  await caller.hangUp();
});
