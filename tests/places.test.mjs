// Who waits is told the place in the queue, anew when it changes, in the caller's language.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { announcementsHeard, hearsAnnouncement } from "./support/announcement.mjs";
import { Caller } from "./support/caller.mjs";
import { openHouse } from "./support/house.mjs";
import { tone, writeWav } from "./support/sound.mjs";
import { until } from "./support/wait.mjs";
import { scenario } from "./support/world.mjs";

/** A city's own word to all who wait, short; the places are the built-in ones. */
const WAIT_HZ = 1900;
/** What the city says in its place later. */
const NEW_WAIT_HZ = 2300;
const PLACES = ["1", "2", "3", "4"];

scenario("callers who wait hear their place, and the next one when somebody before them is gone", async (world) => {
  const announcements = join(world.directory, "announcements");
  await mkdir(announcements);
  const say = (hz) => writeWav(join(announcements, "waiting.wav"), tone(hz, { seconds: 0.5 }), 8000);
  await say(WAIT_HZ);
  const siaga = await openHouse(world, { queue: { announcements, announce_every_seconds: 5 } });
  const callers = [];
  for (const [n, sdp] of [[], ["a=hlang-recv:en"], []].entries()) {
    const caller = await Caller.dial(world, siaga.sip, { number: `+62811770710${n}`, sdp });
    await caller.hearsSomething();
    callers.push(caller);
  }
  const [first, english, last] = callers;
  await first.hears(WAIT_HZ);
  await told(first, "id", "1");
  await told(english, "en", "2");
  await told(last, "id", "3");
  for (const [caller, language, other] of [[first, "id", "en"], [english, "en", "id"], [last, "id", "en"]]) {
    assert.equal((await announcementsHeard(caller, language, ["position"])).length, 1);
    assert.deepEqual(await announcementsHeard(caller, other, ["position", ...PLACES]), [], "one language for each");
  }

  await say(NEW_WAIT_HZ);

  // The first one gives up: everybody moves up, and hears that.
  const since = Date.now();
  await first.hangUp();
  await told(english, "en", "1", { since });
  await told(last, "id", "2", { since });
  await last.hangUp();
  await english.hangUp();

  // Meanwhile the city's new word was read, and who calls now hears it.
  await until("the new announcement is read", () => siaga.metric('siaga_renewals_total{for="announcements",outcome="renewed"}'), { within: 40_000 });
  const later = await Caller.dial(world, siaga.sip, { number: "+628117707009" });
  await later.hears(NEW_WAIT_HZ);
  await later.hangUp();
});

/** The place as the last of the places that were told. */
async function told(caller, language, place, { since } = {}) {
  await hearsAnnouncement(caller, language, place, { since });
  const others = PLACES.filter((one) => one !== place);
  if (since === undefined) assert.deepEqual(await announcementsHeard(caller, language, others), [], `only ${place} was told`);
}
