// Measures what a caller and an operator feel, with a real caller and a real browser: `make bench`, or
// `node tests/bench/run.mjs [CALLS]`. It prints a table and judges nothing; the README says which numbers are aimed at.
import os from "node:os";
import { Caller } from "../support/caller.mjs";
import { importCity, people, teamNamed } from "../support/city.mjs";
import { Ear } from "../support/ear.mjs";
import { newestCall, onShift, openHouse } from "../support/house.mjs";
import { BINARY } from "../support/siaga.mjs";
import { Telegram } from "../support/telegram.mjs";
import { bounded, until } from "../support/wait.mjs";
import { inWorld } from "../support/world.mjs";
import { invitesTo180 } from "./quick.mjs";
import { watch, watchProgress } from "./watch.mjs";

const CALLS = Number(process.argv[2] ?? 200);
/** Calls without an operator, for what SIP alone takes. */
const QUICK_CALLS = 500;
/** Incidents that a team acknowledges, goes to, arrives at and has done: four presses each. */
const INCIDENTS = Math.min(10, Math.ceil(CALLS / 4));
/** A group takes so many messages a minute; the next is waited for and not measured. */
const TELEGRAM_TAKES_ITS_TIME_MS = 60_000;
/** The first calls warm caches that a control room's day has warm. */
const WARM_UP = 3;

const series = {};
await inWorld("calls that give up", async (world) => {
  const siaga = await openHouse(world);
  series[`INVITE to 180 (${QUICK_CALLS} calls, 20 a second, nobody on shift)`] = await invitesTo180(world, siaga.sip, QUICK_CALLS);
}, { within: 300_000 });
await inWorld("calls that are answered", answered, { within: (CALLS + WARM_UP) * 20_000 + 60_000 });
await inWorld("a team that acknowledges", acknowledged, { within: INCIDENTS * (TELEGRAM_TAKES_ITS_TIME_MS + 20_000) + 60_000 });
report();

async function answered(world) {
  const siaga = await openHouse(world);
  const ayu = await onShift(world, siaga, "ayu", { measured: true });
  await ayu.page.evaluate(watch);
  const voice = [];
  world.keep(await Ear.on(`udp and src port ${siaga.webrtcPort}`, ({ at, payload }) => isVoice(payload) && voice.push(at)));

  const measured = {
    "INVITE to 180, in a browser's company": [],
    "INVITE to the ringing console": [],
    "INVITE to the form on the screen": [],
    "answer click to 200": [],
    "answer click to the first voice packet to the browser": [],
    "answer click to audible sound in the browser": [],
  };
  for (let nth = 0; nth < CALLS + WARM_UP; nth += 1) {
    await ayu.page.evaluate(() => globalThis.testWatch.arm());
    const caller = await Caller.dial(world, siaga.sip, { scenario: "speaking", number: `+62811770${String(nth).padStart(4, "0")}` });
    const { at: ringing } = await caller.ringing();
    await ayu.rings();
    await ayu.answer();
    const { at: taken } = await caller.answered();
    const seen = await until("sound is heard", async () => {
      const times = await ayu.page.evaluate(() => globalThis.testWatch.times);
      return times.audible && times.form && times;
    });
    const firstVoice = voice.find((at) => at > seen.clicked);
    await caller.hangUp();
    await ayu.at("disposition-ghost").click();
    await until("the console is idle", async () => !(await ayu.at("report-form").isVisible()));
    await bounded("the end", caller.close());
    if (nth < WARM_UP) continue;
    const [toRinging, toBanner, toForm, toTaken, toVoice, toSound] = Object.values(measured);
    toRinging.push(ringing - caller.dialledAt);
    toBanner.push(seen.rang - caller.dialledAt);
    toForm.push(seen.form - caller.dialledAt);
    toTaken.push(taken - seen.clicked);
    toVoice.push(firstVoice - seen.clicked);
    toSound.push(seen.audible - seen.clicked);
  }
  Object.assign(series, measured);
}

/** How long a press on a team's button in Telegram takes to the operator's screen; the webhook's way is loopback. */
async function acknowledged(world) {
  const telegram = await Telegram.start(world);
  const siaga = await openHouse(world, { telegram: telegram.settings, before: (fresh) => importCity(fresh, { cameras: [] }) });
  const supervisor = await siaga.as(people.citra);
  const team = await teamNamed(supervisor, "Regu Jodoh");
  const ayu = await onShift(world, siaga, "ayu");
  await ayu.page.evaluate(watchProgress);
  const took = [];
  for (let nth = 0; nth < INCIDENTS; nth += 1) {
    const caller = await Caller.dial(world, siaga.sip, { number: `+62811780${String(nth).padStart(4, "0")}` });
    await ayu.rings();
    await ayu.answer();
    const { report } = await newestCall(supervisor);
    await ayu.fill({ place: "Pasar Jodoh", event: "Kebakaran" });
    await ayu.send([team]);
    const { number, dispatches: [dispatch] } = await until("the incident has its dispatch", async () => {
      const { incident } = await supervisor.ask("GET", `reports/${report}`);
      const { incident: shown } = await supervisor.ask("GET", `incidents/${incident}`);
      return shown.dispatches.length > 0 && shown;
    });
    const message = await telegram.dispatch(({ text }) => text.includes(number), { within: TELEGRAM_TAKES_ITS_TIME_MS });
    for (const progress of ["acknowledged", "en_route", "arrived", "done"]) {
      const pressed = Date.now();
      await telegram.press(siaga.api(), message, progress);
      const seen = await until(`the screen says ${progress}`, () =>
        ayu.page.evaluate((key) => globalThis.testProgress[key], `${dispatch.id} ${progress}`));
      took.push(seen - pressed);
    }
    await caller.hangUp();
    await ayu.closeIncident();
    await until("the console is idle", async () => !(await ayu.at("report-form").isVisible()));
    await bounded("the end", caller.close());
  }
  series[`a team's press in Telegram to the operator's screen (${took.length} presses)`] = took;
}

/** SRTP, told from STUN, DTLS and RTCP by its first two bytes (RFC 7983, RFC 5761). */
function isVoice(payload) {
  const type = payload[1] & 127;
  return payload.length > 12 && payload[0] >= 128 && payload[0] < 192 && (type < 64 || type > 95);
}

function report() {
  const [{ model }] = os.cpus();
  const profile = BINARY.includes("/release/") ? "release" : BINARY.includes("/debug/") ? "development" : "unknown";
  console.log(`${CALLS} answered calls in turn, each caller speaking from before the answer on; sipp, tcpdump and Chromium beside siaga on the same machine`);
  console.log(`${os.cpus().length} x ${model.trim()}, ${Math.round(os.totalmem() / 2 ** 30)} GB, ${os.type()} ${os.release()}`);
  console.log(`${BINARY} (${profile} profile), SQLite, loopback network`);
  console.log(`${"ms".padEnd(64)}${["p50", "p95", "p99", "max"].map((name) => name.padStart(8)).join("")}`);
  for (const [name, values] of Object.entries(series)) {
    const sorted = values.toSorted((one, other) => one - other);
    const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(1).padStart(8);
    console.log(`${name.padEnd(64)}${at(0.5)}${at(0.95)}${at(0.99)}${at(1)}`);
  }
}
