// The database is down when the server starts, as after a power cut that took both: calls are taken without it. Or it goes away later: people
// who are signed in work on.
import assert from "node:assert/strict";
import { Callee } from "./support/callee.mjs";
import { Caller } from "./support/caller.mjs";
import { addPeople, people } from "./support/city.mjs";
import { Exchange } from "./support/exchange.mjs";
import { Gate } from "./support/gate.mjs";
import { callWhen, leftTheFallback, newestCall, openHouse, sealed } from "./support/house.mjs";
import { Postgres } from "./support/postgres.mjs";
import { Siaga } from "./support/siaga.mjs";
import { audibleSeconds, readWav } from "./support/sound.mjs";
import { until } from "./support/wait.mjs";
import { scenario } from "./support/world.mjs";

scenario("a server that starts while its database is down takes calls, and writes them down when it is back", async (world) => {
  const exchange = await Exchange.open(world);
  const callee = await Callee.wait(world, { exchange, number: "+6277811200", voice: 1800 });
  const postgres = await Postgres.start(world);
  const gate = await Gate.before(world, new URL(postgres.url));
  const database = throughThe(gate, postgres);
  const siaga = await Siaga.prepare(world, {
    database,
    sip: {
      trunk: [
        { name: "tests", peers: ["127.0.0.1/32"] },
        { ...exchange.trunk, name: "fallback" },
      ],
    },
    queue: { fallback_number: "+6277811200", fallback_trunk: "fallback", fallback_after_seconds: 2 },
  });
  await addPeople(siaga);
  await gate.shut();
  await siaga.serve().line(/Siaga is ready/, { within: 30_000 });
  const { status, text } = await siaga.api().get("/readyz");
  assert.equal(status, 503);
  assert.match(text, /database\.url/);

  const caller = await Caller.dial(world, siaga.sip, {});
  const { at } = await caller.ringing();
  assert.ok(at - caller.dialledAt < 2_000, `it rang after ${at - caller.dialledAt} ms`);
  await caller.hearsSomething();
  await caller.hears(1800, { within: 20_000 });
  const joined = Date.now();
  await gate.open();
  await siaga.ready();

  // The call that is up is this run's, and not taken for one that the start interrupted.
  const supervisor = await siaga.as(people.citra);
  const { id } = await newestCall(supervisor);
  await callWhen(supervisor, id, "is with the fallback number", ({ call }) => call.state === "fallback");
  await until("both have talked for two seconds", () => Date.now() - joined > 2_000);
  await caller.hears(1800);
  await caller.hangUp();
  await callee.ended();
  await sealed(supervisor, id);
  const detail = await callWhen(supervisor, id, "is over", ({ call }) => call.ended_at);
  const { call, timeline } = detail;
  assert.equal(call.ended_by, leftTheFallback(detail));
  const kinds = timeline.map(({ kind }) => kind);
  for (const kind of ["call.arrived", "call.fallback_dialled", "call.fallback_answered", "call.ended"]) {
    assert.equal(kinds.filter((one) => one === kind).length, 1, `${kind} in ${kinds}`);
  }
  const { bytes } = await supervisor.get(`calls/${id}/recording.wav`);
  const { channels: [left, right], rate } = readWav(bytes);
  assert.ok(audibleSeconds(left, rate) > 1 && audibleSeconds(right, rate) > 1, "both sides are in the recording");
});

scenario("while the database is away a shift begins and nobody is half signed out; what a person can do is learned when it is back", async (world) => {
  const postgres = await Postgres.start(world);
  const gate = await Gate.before(world, new URL(postgres.url));
  const siaga = await openHouse(world, { database: throughThe(gate, postgres) });
  const [ayu, citra, eka] = [await siaga.as(people.ayu), await siaga.as(people.citra), await siaga.as(people.eka)];
  await eka.ask("PATCH", `users/${ayu.user.id}`, { skills: ["fire"] });
  await ayu.ask("GET", "session");
  const live = await citra.live(world);
  const skills = () => live.events.findLast(({ event, operator }) => event === "operator" && operator.id === ayu.user.id)?.operator.skills;

  await gate.shut();
  await ayu.ask("POST", "shift");
  await until("her shift has begun", () => skills());
  assert.deepEqual(skills(), [], "nobody can say what she can do");
  const { status, json } = await ayu.request("DELETE", "session");
  assert.deepEqual([status, json.error.code], [503, "store"]);
  await live.next("operator_left", ({ operator }) => operator === ayu.user.id);
  await ayu.ask("POST", "shift");

  await gate.open();
  await until("what she can do is known", () => skills()?.includes("fire"), { within: 30_000 });
  await ayu.ask("DELETE", "session");
  assert.equal((await ayu.get("session")).status, 401);
});

function throughThe(gate, postgres) {
  return Object.assign(new URL(postgres.url), { port: new URL(gate.url).port }).href;
}
