// Strangers on the internet, and a carrier that went mad: whoever is no trunk learns nothing, and no flood costs memory or keeps a caller
// from being heard.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Caller } from "../support/caller.mjs";
import { people } from "../support/city.mjs";
import { newestCall, onShift, openHouse } from "../support/house.mjs";
import { Line } from "../support/line.mjs";
import { Program } from "../support/program.mjs";
import { sounding } from "../support/sounder.mjs";
import { watching } from "../support/supervisor.mjs";
import { until } from "../support/wait.mjs";
import { scenario } from "../support/world.mjs";

const CARRIER = "127.0.0.2";
const MAD = "127.0.0.6";
const TRUNK = { name: "tests", peers: [`${CARRIER}/32`] };
/** svwar speaks from nowhere else. */
const STRANGER = "127.0.0.1";
const USERS = ["112", "100", "ayu"];
const ATTACKERS = new URL("../../target/attackers/bin/", import.meta.url).pathname;
/** svmap looks for servers, svwar for extensions. */
const SCANS = [
  ["svmap"], ["svmap", "-m", "REGISTER"],
  ...["REGISTER", "INVITE", "OPTIONS"].map((method) => ["svwar", "-m", method, "--force", "-e", "100-110,112"]),
];
/** Where an INVITE gets 403, this one sees that something answers. */
const KNOCK = ["svmap", "-m", "INVITE"];
/** A scan went through: 30 means that answers were missing, 20 and others that the scanner itself has failed. */
const SCANNED = [0, 30];
const FOUND_NOTHING = /found nothing/;
/** A table with an extension, a kind of password, a name. */
const LEARNT = /^\|.*\b1[01]\d\b.*\||reqauth|noauth|siaga|User Agent/im;
const FLOOD = new URL("../peers/sipp/flood.xml", import.meta.url).pathname;
const FLOOD_REQUESTS = 24_000;
const FLOOD_RATE = 4_000;
/** More than are sent while a test lasts, as fast as sipp can. */
const UNBOUNDED = { requests: 9_000_000, rate: 9_000_000 };
const FLOODED = ["INVITE", "OPTIONS", "REGISTER"];
const RUNG_MEANWHILE = 3;
const MEGABYTE = 1_048_576;

scenario("whoever is no trunk learns nothing", async (world) => {
  const siaga = await openHouse(world, { sip: { trunk: [TRUNK] } });
  const supervisor = await siaga.as(people.citra);
  const stranger = await Line.open(world, siaga.sip, { address: STRANGER });
  const trunk = await Line.open(world, siaga.sip, { address: CARRIER });

  // What is no call gets no answer at all, whoever it asks for; the trunk is answered meanwhile.
  const silent = ["OPTIONS", "REGISTER", "SUBSCRIBE", "BYE", "ACK", "CANCEL", "UPDATE"];
  for (const method of silent) for (const user of USERS) await stranger.asks(method, `sip:${user}@${siaga.sip}`);
  await trunk.asks("OPTIONS", `sip:112@${siaga.sip}`);
  await until("the trunk is answered", () => trunk.codes.length === 1);
  assert.deepEqual(trunk.codes, [200]);
  assert.deepEqual(stranger.codes, []);
  assert.equal(await siaga.metric("siaga_sip_dropped_total"), silent.length * USERS.length);

  // A call is told that it is not known here, the same whatever it asks for, and nothing of what is here.
  for (const user of USERS) await stranger.asks("INVITE", `sip:${user}@${siaga.sip}`);
  await until("the stranger is turned away", () => stranger.codes.length === USERS.length);
  for (const text of stranger.heard) {
    assert.match(text, /^SIP\/2\.0 403 /);
    assert.doesNotMatch(text, /^(Allow|Accept|Supported|Server|User-Agent|WWW-Authenticate|Contact|Warning) *:/im);
  }
  for (const [what, said] of await scanned(world, siaga, SCANS)) {
    assert.match(said, FOUND_NOTHING, `${what}:\n${said}`);
    assert.doesNotMatch(said, LEARNT, `${what}:\n${said}`);
  }
  const [[, seen]] = await scanned(world, siaga, [KNOCK]);
  const devices = [...seen.matchAll(/^\| *(\d[\d.:]*) *\| *(.*?) *\|$/gm)].map(([, address, agent]) => [address, agent]);
  assert.deepEqual(devices, [[siaga.sip, "unknown"]], `neither a product nor a version:\n${seen}`);
  assert.doesNotMatch(seen, /siaga/i);
  assert.deepEqual(await supervisor.ask("GET", "calls?limit=10"), []);
});

scenario("where strangers hear nothing, the scanners of attackers find no server", async (world) => {
  const siaga = await openHouse(world, { sip: { trunk: [TRUNK], strangers: "silent" } });
  const stranger = await Line.open(world, siaga.sip, { address: STRANGER });
  for (const user of USERS) await stranger.asks("INVITE", `sip:${user}@${siaga.sip}`);
  for (const [what, said] of await scanned(world, siaga, [KNOCK, ...SCANS])) {
    assert.match(said, FOUND_NOTHING, `${what}:\n${said}`);
    assert.doesNotMatch(said, LEARNT, what);
  }
  assert.deepEqual(stranger.codes, []);
  const caller = await Caller.dial(world, siaga.sip, { address: CARRIER });
  await caller.ringing();
  await caller.hangUp();
});

scenario("a flood of strangers costs no memory, and a caller rings through it", async (world) => {
  const siaga = await openHouse(world, { sip: { trunk: [TRUNK] } });
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  // Once before, so that what every server takes at first is taken.
  await over(await floods(world, siaga, { requests: 2_000 }));
  const before = await siaga.memory();
  const refused = () => siaga.metric("siaga_sip_refused_total");
  const turnedAway = await refused();

  const strangers = await floods(world, siaga, { requests: 2 * FLOOD_REQUESTS });
  const caller = await Caller.dial(world, siaga.sip, { number: "+628117704001", address: CARRIER });
  const { at } = await caller.ringing();
  assert.ok(at - caller.dialledAt < 1_000, `it rings after ${at - caller.dialledAt} ms`);
  assert.equal(invitesOf(caller), 1, "before its network has to ask again");
  assert.ok(strangers.every(({ running }) => running), "the flood goes on meanwhile");
  await ayu.rings();
  await ayu.answer();
  await caller.hears(1000);
  await ayu.hears(620);
  await over(strangers);

  // Some of them were told, by no more than a bounded rate; the others nothing.
  const dropped = await siaga.metric("siaga_sip_dropped_total");
  assert.ok(dropped > FLOOD_REQUESTS / 2, `${dropped} were dropped without an answer`);
  assert.ok((await refused()) - turnedAway <= 100, "few are worth an answer");
  const grown = ((await siaga.memory()) - before) / MEGABYTE;
  assert.ok(grown < 16, `siaga has grown by ${grown.toFixed(1)} MB`);
  assert.equal((await newestCall(supervisor)).number, "+628117704001");
  assert.equal((await supervisor.ask("GET", "calls?limit=10")).length, 1);
  await ayu.hangUp();
  await caller.ended();
});

scenario("strangers who send as much as they can keep no caller from being heard", async (world) => {
  const siaga = await openHouse(world, { sip: { trunk: [TRUNK] } });
  const supervisor = await siaga.as(people.citra);
  const strangers = await floods(world, siaga, UNBOUNDED);
  await until("the flood is there", async () => (await siaga.metric("siaga_sip_dropped_total")) > 10_000, { within: 30_000 });
  const before = await siaga.memory();
  const told = [];
  for (let n = 0; n < RUNG_MEANWHILE; n += 1) {
    const caller = await Caller.dial(world, siaga.sip, { number: `+62811770410${n}`, address: CARRIER });
    const { at } = await caller.ringing();
    told.push(`${Math.round(at - caller.dialledAt)} ms, ${invitesOf(caller)} INVITE`);
    await caller.hearsSomething();
    await caller.hangUp();
  }
  assert.ok(strangers.every(({ running }) => running), "the flood goes on meanwhile");
  // How soon depends on the machine, which floods itself here: `siaga bench calls --only flood` measures it at a stated rate.
  console.log(`callers rang through the flood: ${told.join("; ")}`);
  const grown = ((await siaga.memory()) - before) / MEGABYTE;
  assert.ok(grown < 16, `siaga has grown by ${grown.toFixed(1)} MB`);
  for (const one of strangers) await one.close();
  assert.equal((await supervisor.ask("GET", "calls?limit=10")).length, RUNG_MEANWHILE);
});

scenario("a trunk that floods is held to its rate, the room is told, and another trunk's caller is heard", async (world) => {
  const siaga = await openHouse(world, { sip: { trunk: [TRUNK, { name: "mad", peers: [`${MAD}/32`], requests_per_second: 100 }] } });
  const live = await (await siaga.as(people.citra)).live(world);
  const citra = await watching(world, siaga);
  const ayu = await onShift(world, siaga, "ayu");
  const before = await siaga.memory();
  await (await flood(world, siaga, { method: "OPTIONS", address: MAD })).over();
  const shed = await siaga.metric("siaga_sip_dropped_total");
  assert.ok(shed > FLOOD_REQUESTS / 2, `${shed} were dropped without an answer`);
  const { alarm } = await live.next("alarm", ({ alarm: { kind } }) => kind.kind === "limit_reached");
  assert.equal(alarm.kind.limit, "rate");
  await citra.at("alarm").filter({ hasText: "cari serangan" }).waitFor();
  await until("the alarm sounds", async () => (await citra.page.evaluate(sounding)).length === 1);
  const caller = await Caller.dial(world, siaga.sip, { number: "+628117704002", address: CARRIER });
  await ayu.rings();
  await ayu.answer();
  await caller.hears(1000);
  await ayu.hears(620);
  const grown = ((await siaga.memory()) - before) / MEGABYTE;
  assert.ok(grown < 16, `siaga has grown by ${grown.toFixed(1)} MB`);
  await caller.hangUp();
});

/** Every method that strangers send, side by side. */
async function floods(world, siaga, { requests = FLOOD_REQUESTS, rate = FLOOD_RATE }) {
  const [share, pace] = [requests, rate].map((all) => Math.ceil(all / FLOODED.length));
  return Promise.all(FLOODED.map((method) => flood(world, siaga, { method, requests: share, rate: pace })));
}

async function over(all) {
  for (const one of all) await one.over();
}

/** How often a caller's network has asked. */
function invitesOf(caller) {
  return caller.requests.filter(({ method, sent }) => sent && method === "INVITE").length;
}

/** What each scan said when it had gone through, all side by side: `[what, said]`. */
async function scanned(world, siaga, scans) {
  const [host, port] = siaga.sip.split(":");
  return Promise.all(scans.map(async ([tool, ...args]) => {
    const program = world.keep(new Program(tool, `${ATTACKERS}sipvicious_${tool}`, [...args, "-p", port, host], {
      cwd: world.directory, env: { HOME: world.directory }, input: "",
    }));
    const { code } = await program.end({ within: 30_000 });
    assert.ok(SCANNED.includes(code), `${tool} ended with ${code}:\n${program.tail()}`);
    return [[tool, ...args].join(" "), program.lines.join("\n")];
  }));
}

/** Requests that nobody waits for, some thousand in a second. `{running, over()}`. */
async function flood(world, siaga, { requests = FLOOD_REQUESTS, method = "INVITE", address = STRANGER, rate = FLOOD_RATE }) {
  // sipp takes no method by a key.
  const script = join(world.directory, `flood-${method}.xml`);
  await writeFile(script, (await readFile(FLOOD, "utf8")).replaceAll("INVITE", method));
  const program = new Program("the flood", "sipp", [
    siaga.sip, "-sf", script, "-m", String(requests), "-r", String(rate), "-l", String(requests), "-nostdin", "-i", address, "-bind_local",
    "-p", "0", "-key", "dialled", `sip:112@${siaga.sip}`,
  ], { cwd: world.directory });
  return world.keep({
    get running() {
      return program.running;
    },
    async over() {
      const { code } = await program.end({ within: 60_000 });
      assert.equal(code, 0, program.told());
    },
    close: () => program.close(),
  });
}
