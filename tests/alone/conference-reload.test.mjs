// The operator's page is reloaded in the middle of a conference: everybody stays, and hears the operator again.
import assert from "node:assert/strict";
import { Callee } from "../support/callee.mjs";
import { Caller } from "../support/caller.mjs";
import { people } from "../support/city.mjs";
import { Exchange } from "../support/exchange.mjs";
import { newestCall, onShift, openHouse, sealed, steps } from "../support/house.mjs";
import { heardAsRecorded } from "../support/recorded.mjs";
import { until } from "../support/wait.mjs";
import { scenario } from "../support/world.mjs";

const HZ = { caller: 620, operator: 1000, party: 1800 };
const ALL = Object.values(HZ);
const NUMBER = "0778113";

scenario("a reload in the middle of a conference", async (world) => {
  const exchange = await Exchange.open(world);
  const party = await Callee.wait(world, { scenario: "telephone", exchange, number: NUMBER, voice: HZ.party });
  const siaga = await openHouse(world, { sip: { trunk: [{ name: "tests", peers: ["127.0.0.1/32"] }, exchange.trunk] } });
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const caller = await Caller.dial(world, siaga.sip, { voice: HZ.caller });
  await ayu.rings();
  await ayu.answer();
  await ayu.callsIn(NUMBER, "conference");
  await party.picksUp();
  await everybody();
  const { id } = await newestCall(supervisor);

  const away = Date.now();
  await ayu.reload();
  const since = Date.now();
  await ayu.talking();
  await ayu.seesCall("active");
  await ayu.seesParty(NUMBER, "joined");
  await everybody(since);

  // The other two went on meanwhile.
  for (const [one, hz] of [[caller, HZ.party], [party, HZ.caller]]) {
    const through = one.heard.stretches(hz).filter(({ from, to }) => from < away && to > since);
    assert.equal(through.length, 1, `${one.name} heard ${hz} Hz while the page was away`);
  }

  // The operator still has the conference in hand.
  await ayu.at("hand-over").click();
  const handed = Date.now();
  await ayu.seesOwnState("ready");
  await caller.hearsJust([HZ.party], ALL);
  await party.hearsJust([HZ.caller], ALL);
  // Who hangs up at once gives the caller back.
  await until("they have the call for long enough", () => Date.now() - handed > 6_000);
  await party.hangsUp();
  await caller.ended();
  const detail = await sealed(supervisor, id);
  assert.equal(detail.call.ended_by, "party");
  const own = steps(detail).filter((kind) => !["call.detached", "call.returned"].includes(kind));
  assert.deepEqual(own, [
    "call.arrived", "call.offered", "call.answered", "call.party_dialled", "call.party_joined", "call.handed_over", "call.party_left", "call.ended",
  ]);
  await heardAsRecorded(supervisor, detail, { caller, voice: HZ.caller, others: [HZ.operator, HZ.party] });

  async function everybody(after) {
    await caller.hearsJust([HZ.operator, HZ.party], ALL, { since: after });
    await ayu.hearsJust([HZ.caller, HZ.party], ALL);
    await party.hearsJust([HZ.caller, HZ.operator], ALL, { since: after });
  }
});
