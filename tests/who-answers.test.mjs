// Whom a call rings at and which call goes first: what the network says of it, and what is known of the number.
import assert from "node:assert/strict";
import { Caller } from "./support/caller.mjs";
import { people } from "./support/city.mjs";
import { callWhen, newestCall, onShift, openHouse } from "./support/house.mjs";
import { Operator } from "./support/operator.mjs";
import { watchingTheWall } from "./support/supervisor.mjs";
import { until } from "./support/wait.mjs";
import { scenario } from "./support/world.mjs";

const SKILL_WAIT_S = 4;

scenario("a call for the fire brigade in English rings at who is trained and speaks it, not at who has been idle for longest", async (world) => {
  const siaga = await openHouse(world, { queue: { skill_wait_seconds: SKILL_WAIT_S } });
  await learns(siaga, "bagus", { skills: ["fire"], languages: ["id", "en"] });
  await learns(siaga, "ayu", { skills: ["ambulance"], languages: ["id"] });
  const ayu = await onShift(world, siaga, "ayu");
  const bagus = await onShift(world, siaga, "bagus");
  const live = await (await siaga.as(people.ayu)).live(world);
  const fire = { dialled: "urn:service:sos.fire", number: "+628117706001", sdp: ["a=hlang-send:en", "a=hlang-recv:en"] };
  const caller = await Caller.dial(world, siaga.sip, fire);
  await bagus.rings();
  await bagus.at("ring-facts").filter({ hasText: "Inggris" }).waitFor();
  assert.deepEqual(live.events.filter(({ event }) => event === "offered"), [], "it does not ring at Ayu");
  await bagus.answer();
  await caller.hears(1400);
  await bagus.hears(620);
  await bagus.at("languages").filter({ hasText: "Inggris" }).waitFor();

  // Another one: there is nobody else who is trained, and after a while anybody is better than nobody.
  const next = await Caller.dial(world, siaga.sip, { ...fire, number: "+628117706002" });
  const { heardAt, call } = await live.next("offered", ({ call }) => call.number === "+628117706002", { within: 60_000 });
  const waited = heardAt - next.dialledAt;
  assert.ok(waited >= SKILL_WAIT_S * 1_000, `it rings at Ayu after ${waited} ms`);
  // No later than that, as the server knows it.
  const { timeline } = await callWhen(await siaga.as(people.citra), call.id, "is noted as offered", ({ timeline: all }) => all.some(({ kind }) => kind === "call.offered"));
  const [arrived, rang] = ["call.arrived", "call.offered"].map((wanted) => Date.parse(timeline.find(({ kind }) => kind === wanted).at));
  assert.ok(rang - arrived < 10_000, `it rings at Ayu ${rang - arrived} ms after it came`);
  // A call that asks for nothing goes by who is free.
  await ayu.rings();
  await ayu.answer();
  await next.hears(1000);
  await next.hangUp();
  await ayu.at("disposition-ghost").click();
  const plain = await Caller.dial(world, siaga.sip, { number: "+628117706003" });
  await ayu.rings();
  await plain.hangUp();
  await caller.hangUp();
});

scenario("what the network calls urgent goes before who has waited for longer", async (world) => {
  const siaga = await openHouse(world);
  const supervisor = await siaga.as(people.citra);
  const first = await Caller.dial(world, siaga.sip, { number: "+628117706011", headers: ["Resource-Priority: esnet.0"] });
  await first.hearsSomething();
  const urgent = await Caller.dial(world, siaga.sip, { number: "+628117706012", voice: 800, headers: ["Resource-Priority: esnet.3"] });
  await urgent.hearsSomething();
  assert.deepEqual((await supervisor.ask("GET", "calls?limit=2")).map(({ number, priority }) => [number, priority]), [
    ["+628117706012", "high"], ["+628117706011", "normal"],
  ]);
  const ayu = await Operator.open(world, siaga, { person: people.ayu, voice: 1000 });
  await ayu.ready(people.ayu);
  await ringsFor(ayu, "+628117706012");
  await ayu.at("ring-facts").filter({ hasText: "prioritas tinggi" }).waitFor();
  await ayu.answer();
  await urgent.hears(1000);
  await ayu.hears(800);
  await ayu.hangUp();
  await urgent.ended();
  await ringsFor(ayu, "+628117706011");
  await first.hangUp();
});

scenario("a nuisance number waits behind others and is never refused, until a supervisor clears it", async (world) => {
  const NUISANCE = "+628117706021";
  const siaga = await openHouse(world);
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  for (const mark of [1, 2, 3]) {
    const prank = await Caller.dial(world, siaga.sip, { number: NUISANCE });
    await ayu.rings();
    assert.equal((await newestCall(supervisor)).priority, "normal", `before mark ${mark}`);
    await ayu.answer();
    await prank.answered();
    await ayu.hangUp();
    await prank.ended();
    await ayu.at("disposition-prank").click();
    await ayu.at("close-panel").waitFor({ state: "hidden" });
  }
  const [{ number, marks, priority }] = await until("the number is known", async () => {
    const all = await supervisor.ask("GET", "reputations");
    return all.length === 1 && all;
  });
  assert.deepEqual({ number, marks, priority }, { number: NUISANCE, marks: 3, priority: "low" });

  // Nobody is free: it waits behind who called after it, and then rings like any other.
  await ayu.at("pause").click();
  await ayu.page.getByRole("menuitem").first().click();
  await ayu.seesOwnState("paused");
  const nuisance = await Caller.dial(world, siaga.sip, { number: NUISANCE });
  await nuisance.hearsSomething();
  const other = await Caller.dial(world, siaga.sip, { number: "+628117706022" });
  await other.hearsSomething();
  await ayu.at("become-ready").click();
  await ringsFor(ayu, "+628117706022");
  await ayu.answer();
  await other.hears(1000);
  await ayu.hangUp();
  await other.ended();
  await ringsFor(ayu, NUISANCE);
  await ayu.at("ring-facts").filter({ hasText: "sering iseng" }).waitFor();
  await nuisance.hangUp();
  await ayu.doesNotRing();

  // The supervisor clears it at the wall; its next call is as good as any other, and who did that stands in the audit.
  const citra = await watchingTheWall(world, siaga);
  const row = citra.at("reputations").getByRole("row").filter({ hasText: NUISANCE });
  await row.getByRole("button").click();
  await row.waitFor({ state: "detached" });
  const again = await Caller.dial(world, siaga.sip, { number: NUISANCE });
  await ringsFor(ayu, NUISANCE);
  assert.equal((await newestCall(supervisor)).priority, "normal");
  await again.hangUp();
  const audit = await (await siaga.as(people.dedi)).ask("GET", "audit?limit=50");
  assert.ok(audit.some(({ action }) => action.startsWith("reputation.")), `the audit has ${audit.map(({ action }) => action)}`);
});

/** What a person can do, as the head of the room writes it down. */
async function learns(siaga, name, abilities) {
  const head = await siaga.as(people.eka);
  const { id } = (await head.ask("GET", "users")).find(({ username }) => username === name);
  await head.ask("PATCH", `users/${id}`, abilities);
}

async function ringsFor(operator, number) {
  await operator.at("ring-banner").filter({ hasText: number }).waitFor();
}
