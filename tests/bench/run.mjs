// Measures what a caller and an operator feel, with a real caller and a real browser: `make bench`, or
// `node tests/bench/run.mjs [CALLS]`. It prints a table and judges nothing; the README says which numbers are aimed at.
import os from "node:os";
import { Caller } from "../support/caller.mjs";
import { Ear } from "../support/ear.mjs";
import { onShift, openHouse } from "../support/house.mjs";
import { bounded, until } from "../support/wait.mjs";
import { inWorld } from "../support/world.mjs";

const CALLS = Number(process.argv[2] ?? 50);
/** The first calls warm caches that a control room's day has warm. */
const WARM_UP = 3;

await inWorld("bench", bench, { within: (CALLS + WARM_UP) * 20_000 + 60_000 });

async function bench(world) {
  const siaga = await openHouse(world);
  const ayu = await onShift(world, siaga, "ayu", { measured: true });
  await ayu.page.evaluate(watch);
  const voice = [];
  world.keep(await Ear.on(`udp and src port ${siaga.webrtcPort}`, ({ at, payload }) => isVoice(payload) && voice.push(at)));

  const series = {
    "INVITE to 180": [],
    "INVITE to the ringing console": [],
    "answer click to 200": [],
    "answer click to the first voice packet to the browser": [],
    "answer click to audible sound in the browser": [],
  };
  for (let nth = 0; nth < CALLS + WARM_UP; nth += 1) {
    await ayu.page.evaluate(() => globalThis.testWatch.arm());
    const caller = await Caller.dial(world, siaga.sip, { number: `+62811770${String(nth).padStart(4, "0")}` });
    const { at: ringing } = await caller.ringing();
    await ayu.rings();
    await ayu.answer();
    const { at: answered } = await caller.answered();
    const seen = await until("sound is heard", async () => {
      const times = await ayu.page.evaluate(() => globalThis.testWatch.times);
      return times.audible && times;
    });
    const firstVoice = voice.find((at) => at > seen.clicked);
    await caller.hangUp();
    await ayu.doesNotRing();
    await until("the console is idle", async () => !(await ayu.at("hang-up").isVisible()));
    await bounded("the end", caller.close());
    if (nth < WARM_UP) continue;
    series["INVITE to 180"].push(ringing - caller.dialledAt);
    series["INVITE to the ringing console"].push(seen.rang - caller.dialledAt);
    series["answer click to 200"].push(answered - seen.clicked);
    series["answer click to the first voice packet to the browser"].push(firstVoice - seen.clicked);
    series["answer click to audible sound in the browser"].push(seen.audible - seen.clicked);
  }
  report(series);
}

/** SRTP, told from STUN, DTLS and RTCP by its first two bytes (RFC 7983, RFC 5761). */
function isVoice(payload) {
  const type = payload[1] & 127;
  return payload.length > 12 && payload[0] >= 128 && payload[0] < 192 && (type < 64 || type > 95);
}

function report(series) {
  const [{ model }] = os.cpus();
  console.log(`${CALLS} calls in turn; sipp and Chromium on the same machine, ${os.cpus().length} x ${model.trim()}; development profile`);
  console.log(`${"ms".padEnd(56)}${["p50", "p95", "p99", "max"].map((name) => name.padStart(8)).join("")}`);
  for (const [name, values] of Object.entries(series)) {
    const sorted = values.toSorted((one, other) => one - other);
    const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(1).padStart(8);
    console.log(`${name.padEnd(56)}${at(0.5)}${at(0.95)}${at(0.99)}${at(1)}`);
  }
}

/** Runs in the page: notes, in epoch ms, when it rings on the screen, when answer is clicked, and when a sound is heard. */
async function watch() {
  const now = () => performance.timeOrigin + performance.now();
  const times = {};
  globalThis.testWatch = { times, arm: () => ["rang", "clicked", "audible"].forEach((name) => delete times[name]) };
  new MutationObserver(() => {
    if (times.rang || !document.querySelector('[data-testid="ring-banner"]')) return;
    requestAnimationFrame(() => (times.rang ??= now()));
  }).observe(document.body, { childList: true, subtree: true });
  document.addEventListener("click", ({ target }) => target.closest('[data-testid="answer"]') && (times.clicked = now()), true);

  const context = new AudioContext({ latencyHint: "interactive" });
  await context.resume();
  const listener = `registerProcessor("listener", class extends AudioWorkletProcessor {
    process([[samples]]) {
      if (samples?.some((sample) => Math.abs(sample) > 0.02)) this.port.postMessage(0);
      return true;
    }
  })`;
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([listener], { type: "text/javascript" })));
  const node = new AudioWorkletNode(context, "listener");
  node.port.onmessage = () => times.clicked && (times.audible ??= now());
  context.createMediaStreamSource(new MediaStream([globalThis.siaga.peer.getReceivers()[0].track])).connect(node);
  const silent = context.createGain();
  silent.gain.value = 0;
  node.connect(silent).connect(context.destination);
}
