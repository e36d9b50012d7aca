// The ring is heard and seen, with another tab in front too, and it stops when there is nothing to answer.
import { Caller } from "./support/caller.mjs";
import { onShift, openHouse } from "./support/house.mjs";
import { noteSounds, sounding } from "./support/sounder.mjs";
import { until } from "./support/wait.mjs";
import { scenario } from "./support/world.mjs";

const IDLE_TITLE = "Siaga 112";

scenario("the ring sounds while a call waits for an answer, and no longer", async (world) => {
  const siaga = await openHouse(world);
  const ayu = await onShift(world, siaga, "ayu", { scripts: [noteSounds], plain: true });
  await quiet(ayu);

  const caller = await Caller.dial(world, siaga.sip, {});
  await ayu.rings();
  await heard(ayu);
  await ayu.answer();
  await quiet(ayu);
  await caller.hangUp();
  await ayu.at("disposition-ghost").click();

  // Another tab is in front, as when an operator looks something up.
  const other = await ayu.beside("about:blank");
  await other.bringToFront();
  await until("the console is hidden", () => ayu.page.evaluate(() => document.hidden));
  const next = await Caller.dial(world, siaga.sip, { number: "+628117705678" });
  await heard(ayu);
  await next.hangUp();
  await quiet(ayu);
  await ayu.doesNotRing();
});

/** The loop goes on, and the title flashes. */
async function heard(operator) {
  const [first] = await until("the ring sounds", async () => {
    const all = await operator.page.evaluate(sounding);
    return all.length === 1 && all;
  });
  await until("the ring goes on", async () => {
    const [now] = await operator.page.evaluate(sounding);
    return now > first + 0.3;
  });
  await until("the title tells of a call", async () => (await operator.page.title()).includes("☎"));
}

async function quiet(operator) {
  await until("nothing sounds", async () => (await operator.page.evaluate(sounding)).length === 0);
  await until("the title is the usual one", async () => (await operator.page.title()) === IDLE_TITLE);
}
