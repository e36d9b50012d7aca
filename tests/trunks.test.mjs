// Carriers come and go: the supervisor sees and hears which line is down, registrations are kept, and calls take the way that works.
import assert from "node:assert/strict";
import { Callee } from "./support/callee.mjs";
import { Caller } from "./support/caller.mjs";
import { Carrier } from "./support/carrier.mjs";
import { people } from "./support/city.mjs";
import { Exchange } from "./support/exchange.mjs";
import { newestCall, onShift, openHouse } from "./support/house.mjs";
import { sounding } from "./support/sounder.mjs";
import { watchingTheWall } from "./support/supervisor.mjs";
import { until } from "./support/wait.mjs";
import { scenario } from "./support/world.mjs";

const TESTS = { name: "tests", peers: ["127.0.0.1/32"] };
const AGENCY = "+62778113";

scenario("a carrier that is silent is shown and heard until it is back", async (world) => {
  const carrier = await Carrier.open(world, { address: "127.0.0.5" });
  const siaga = await openHouse(world, { sip: { trunk: [TESTS, { name: "carrier", proxy: carrier.sip, options_seconds: 2 }] } });
  const supervisor = await siaga.as(people.citra);
  const live = await supervisor.live(world);
  const citra = await watchingTheWall(world, siaga);
  await shows(citra, "carrier", "up");
  await until("nothing sounds", async () => (await citra.page.evaluate(sounding)).length === 0);
  assert.deepEqual((await supervisor.ask("GET", "trunks")).map(({ name, state }) => [name, state]), [["tests", "unknown"], ["carrier", "up"]]);

  carrier.isThere = false;
  await shows(citra, "carrier", "down");
  const { alarm } = await live.next("alarm", ({ alarm: { kind } }) => kind.kind === "trunk_down");
  assert.equal(alarm.kind.trunk, "carrier");
  await citra.at("alarm").filter({ hasText: "Trunk carrier putus" }).waitFor();
  await until("the alarm sounds", async () => (await citra.page.evaluate(sounding)).length === 1);
  assert.equal(await siaga.metric("siaga_sip_trunk_up"), 0);

  carrier.isThere = true;
  await shows(citra, "carrier", "up");
  await live.next("alarm_cleared", (cleared) => cleared.alarm === alarm.id);
  await citra.at("alarm").waitFor({ state: "detached" });
  await until("nothing sounds any more", async () => (await citra.page.evaluate(sounding)).length === 0);
  assert.equal(await siaga.metric("siaga_sip_trunk_up"), 1);
});

scenario("an account is registered with its password, refused, registered again and taken back", async (world) => {
  const carrier = await Carrier.open(world, { address: "127.0.0.5" });
  carrier.expires = 5;
  const siaga = await openHouse(world, {
    sip: { trunk: [TESTS, { name: "carrier", registrars: [carrier.sip], ...carrier.account }] },
  });
  const supervisor = await siaga.as(people.citra);
  const live = await supervisor.live(world);
  const trunk = async () => (await supervisor.ask("GET", "trunks")).find(({ name }) => name === "carrier");
  const registered = (is) => until(`the trunk is ${is ? "" : "not "}registered`, async () => (await trunk()).registered === is, { within: 60_000 });
  await registered(true);
  const citra = await watchingTheWall(world, siaga);
  const row = citra.at("trunks").getByRole("listitem").filter({ hasText: "carrier" });
  await row.getByText("terdaftar", { exact: true }).waitFor();
  assert.equal(carrier.of("REGISTER", 401).length, 1, "one challenge serves for the nonce's life");
  await until("it is registered again before the carrier forgets it", () => carrier.of("REGISTER", 200).length >= 2);
  const [first, second] = carrier.of("REGISTER", 200);
  assert.ok(second.at - first.at < carrier.expires * 1_000, "in time");

  carrier.registers = false;
  await registered(false);
  const { alarm } = await live.next("alarm", ({ alarm: { kind } }) => kind.kind === "trunk_down");
  assert.equal(alarm.kind.trunk, "carrier");
  assert.deepEqual([alarm.kind.why, alarm.kind.code], ["not_registered", 403]);
  await row.getByText("tidak terdaftar").waitFor();

  carrier.registers = true;
  await registered(true);
  await live.next("alarm_cleared", (cleared) => cleared.alarm === alarm.id);
  await row.getByText("terdaftar", { exact: true }).waitFor();
  // Calls come from where it registers, and are the trunk's although no peers are named.
  const caller = await Caller.dial(world, siaga.sip, { address: "127.0.0.5" });
  assert.equal((await live.next("call")).call.trunk, "carrier");
  await caller.hangUp();
  await siaga.stop();
  assert.match(carrier.of("REGISTER", 200).at(-1).text, /^Expires *: *0\r/im, "the registration is taken back at the end");
});

scenario("a call goes out by the next trunk when the first one is dead", async (world) => {
  const dead = await Carrier.open(world, { address: "127.0.0.5" });
  const exchange = await Exchange.open(world, { address: "127.0.0.2" });
  const siaga = await openHouse(world, {
    sip: { trunk: [TESTS, { name: "first", proxy: dead.sip, options_seconds: 2 }, { ...exchange.trunk, name: "second" }] },
  });
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");

  // It answers OPTIONS, but has no line.
  await until("the first trunk is up", async () => (await supervisor.ask("GET", "trunks"))[1].state === "up");
  await talks(world, { ayu, exchange, supervisor });
  assert.equal(dead.of("INVITE", 503).length, 1, "the first trunk was tried");
  assert.equal(await siaga.metric("siaga_sip_failovers_total"), 1);

  // It is silent, and known to be: nobody waits for it.
  dead.isThere = false;
  await until("the first trunk is down", async () => (await supervisor.ask("GET", "trunks"))[1].state === "down");
  await talks(world, { ayu, exchange, supervisor });
  assert.equal(dead.asked.filter(({ method }) => method === "INVITE").length, 1, "the first trunk was not tried again");
});

/** Ayu calls the agency; both hear each other, and she hangs up. */
async function talks(world, { ayu, exchange, supervisor }) {
  const agency = await Callee.wait(world, { exchange, number: AGENCY, voice: 1800 });
  await ayu.callsOut(AGENCY);
  await ayu.hears(1800, { within: 20_000 });
  await agency.hears(1000);
  const call = await newestCall(supervisor);
  assert.deepEqual([call.number, call.state, call.trunk], [AGENCY, "active", "second"]);
  await ayu.hangUp();
  await agency.ended();
}

async function shows(citra, name, state) {
  await citra.at("trunks").locator(`[data-trunk-state="${state}"]`).filter({ hasText: name }).waitFor();
}
