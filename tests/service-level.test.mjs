// How many calls were answered in time is counted as they are, and the supervisor sees it without asking.
import assert from "node:assert/strict";
import { Caller } from "./support/caller.mjs";
import { people } from "./support/city.mjs";
import { onShift, openHouse } from "./support/house.mjs";
import { watchingTheWall } from "./support/supervisor.mjs";
import { until } from "./support/wait.mjs";
import { scenarioOnBoth } from "./support/world.mjs";

// The shorter is long enough for a browser of a busy machine to answer in.
const [SHORT_S, LONG_S] = [12, 120];

scenarioOnBoth("the service level follows each call", async (world) => {
  const siaga = await openHouse(world, { queue: { service_levels: [[SHORT_S, 90], [LONG_S, 95]] } });
  const supervisor = await siaga.as(people.citra);
  const live = await supervisor.live(world);
  const ayu = await onShift(world, siaga, "ayu");
  const citra = await watchingTheWall(world, siaga);
  const tile = (within) => citra.at(`tile-level-${within}`);
  const light = (seconds, expected, options) => until(`the light of ${seconds} s is ${expected}`, async () =>
    (await tile(seconds).getAttribute("data-light", { timeout: 1_000 })) === expected, options);
  const counted = (short, long) => until("the calls are counted", async () => {
    const { service_levels: levels } = await supervisor.ask("GET", "statistics/today");
    assert.deepEqual(levels, [
      { within_s: SHORT_S, goal_percent: 90, answered: short[0], of: short[1] },
      { within_s: LONG_S, goal_percent: 95, answered: long[0], of: long[1] },
    ]);
    return true;
  });
  await counted([0, 0], [0, 0]);
  await light(SHORT_S, "none");

  // Answered in time; a test call counts for nothing.
  const quick = await Caller.dial(world, siaga.sip, { number: "+628117707401" });
  await ayu.rings();
  await ayu.answer();
  await quick.answered();
  await counted([1, 1], [1, 1]);
  await live.next("statistics");
  await light(SHORT_S, "kept");
  await tile(SHORT_S).getByText("100 %").waitFor();

  // Gave up before anybody could say whether it would have been in time: it counts in neither.
  const brief = await Caller.dial(world, siaga.sip, { number: "+628117707402" });
  await brief.hearsSomething();
  await brief.hangUp();
  await until("it is counted as abandoned", async () => (await supervisor.ask("GET", "statistics/today")).abandoned === 1);
  await counted([1, 1], [1, 1]);

  // Waits for too long, which counts against us as soon as it has; then it is answered after all.
  const late = await Caller.dial(world, siaga.sip, { number: "+628117707403" });
  await counted([1, 2], [1, 1]);
  await light(SHORT_S, "missed", { within: 15_000 });
  await ayu.hangUp();
  await quick.ended();
  await ayu.rings();
  await ayu.answer();
  await late.answered();
  await counted([1, 2], [2, 2]);
  await light(SHORT_S, "missed");
  await light(LONG_S, "kept");
  await tile(SHORT_S).getByText("50 %").waitFor();
  await late.hangUp();
});
