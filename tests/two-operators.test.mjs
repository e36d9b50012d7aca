// Two operators reach for one call at the same moment: one gets it, the other is told, the caller hears one voice.
import assert from "node:assert/strict";
import { Caller } from "./support/caller.mjs";
import { people } from "./support/city.mjs";
import { callWhen, newestCall, onShift, openHouse } from "./support/house.mjs";
import { scenario } from "./support/world.mjs";

scenario("two operators and one call", async (world) => {
  const siaga = await openHouse(world);
  const supervisor = await siaga.as(people.citra);
  const operators = { ayu: await onShift(world, siaga, "ayu"), bagus: await onShift(world, siaga, "bagus") };
  const apis = { ayu: await siaga.as(people.ayu), bagus: await siaga.as(people.bagus) };
  const caller = await Caller.dial(world, siaga.sip, {});
  await caller.ringing();
  await operators.ayu.rings();
  const { id } = await newestCall(supervisor);

  const tries = await Promise.all(Object.entries(apis).map(async ([name, api]) => ({ name, ...(await api.post(`calls/${id}/answer`)) })));
  const won = tries.filter(({ status }) => status === 204);
  const lost = tries.filter(({ status }) => status !== 204);
  assert.equal(won.length, 1, `one answer is taken: ${tries.map(({ status }) => status)}`);
  assert.equal(lost[0].status, 409);
  assert.match(lost[0].json.error.code, /taken_by_another|no_such_call/);

  const voice = { ayu: 1000, bagus: 1400 };
  const [{ name: winner }] = won;
  const [{ name: loser }] = lost;
  await caller.hears(voice[winner]);
  await operators[winner].hears(620);
  await operators[loser].hearsNothing();
  const { call } = await callWhen(supervisor, id, "is active", (detail) => detail.call.state === "active");
  assert.equal(call.operator_name, people[winner].name);

  // The other one is still there for the next caller.
  const next = await Caller.dial(world, siaga.sip, { number: "+628117705678", voice: 800 });
  await operators[loser].rings();
  await operators[loser].answer();
  await next.hears(voice[loser]);
  await caller.hears(voice[winner]);
  await next.hangUp();
  await caller.hangUp();
}, { database: "PostgreSQL" });
