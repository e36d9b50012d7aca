// A caller, an operator, an agency: asked alone, brought together, joined by another, left to themselves. Everybody has a tone for a
// voice, so that what each hears is who is heard.
import assert from "node:assert/strict";
import { Callee } from "../support/callee.mjs";
import { Caller } from "../support/caller.mjs";
import { people } from "../support/city.mjs";
import { Exchange } from "../support/exchange.mjs";
import { announcements, newestCall, onShift, openHouse, sealed, steps } from "../support/house.mjs";
import { heardAsRecorded } from "../support/recorded.mjs";
import { until } from "../support/wait.mjs";
import { scenario } from "../support/world.mjs";

const HZ = { caller: 620, ayu: 1000, damkar: 1800, psc: 2200, next: 780, hold: 500, ringback: 425 };
const ALL = Object.values(HZ);
const DAMKAR = "0778113";
const PSC = "0778119";

scenario("consultation, conference and hand-over", async (world) => {
  const exchange = await Exchange.open(world);
  const damkar = await Callee.wait(world, { scenario: "telephone", exchange, number: DAMKAR, voice: HZ.damkar });
  const psc = await Callee.wait(world, { scenario: "telephone", exchange, number: PSC, voice: HZ.psc });
  const siaga = await openHouse(world, {
    sip: { trunk: [{ name: "tests", peers: ["127.0.0.1/32"] }, exchange.trunk] },
    queue: { announcements: await announcements(world, { hold: HZ.hold }) },
  });
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const caller = await Caller.dial(world, siaga.sip, { voice: HZ.caller });
  await ayu.rings();
  await ayu.answer();
  await caller.hearsJust([HZ.ayu], ALL);
  await ayu.hearsJust([HZ.caller], ALL);
  await ayu.notes(ALL);
  const everybody = { caller, ayu, damkar, psc };
  const { id } = await newestCall(supervisor);

  // While the agency rings the caller is put aside.
  await ayu.callsIn(DAMKAR, "consult");
  await damkar.rings();
  await ayu.seesParty(DAMKAR, "ringing");
  await caller.hearsJust([HZ.hold], ALL);
  await ayu.hears(HZ.ringback);
  const aside = Date.now();

  // Operator and agency speak alone.
  await damkar.picksUp();
  await ayu.seesParty(DAMKAR, "consulting");
  await ayu.hearsJust([HZ.damkar], ALL);
  await damkar.hearsJust([HZ.ayu], ALL);
  await caller.hearsJust([HZ.hold], ALL);
  await lasts(1_500);
  const merging = Date.now();
  assert.deepEqual(caller.heard.between(aside, merging, ALL), [HZ.hold], "the caller heard the hold announcement, and nobody");
  assert.deepEqual(damkar.heard.between(0, merging, ALL), [HZ.ayu], "the agency heard the operator alone");
  const heard = await ayu.heardBetween(aside, merging);
  assert.ok(heard.includes(HZ.damkar) && !heard.includes(HZ.caller), `the operator heard the agency and not the caller: ${heard}`);

  // All three.
  await ayu.at("merge").click();
  await ayu.seesParty(DAMKAR, "joined");
  await ayu.seesCall("active");
  await hear({ caller: ["ayu", "damkar"], ayu: ["caller", "damkar"], damkar: ["caller", "ayu"] });

  // Another one: the conversation goes on while it rings there.
  const dialling = Date.now();
  await ayu.callsIn(PSC, "conference");
  await ayu.seesParty(PSC, "ringing");
  await hear({ caller: ["ayu", "damkar"], ayu: ["caller", "damkar"], damkar: ["caller", "ayu"] });
  await psc.picksUp();
  await ayu.seesParty(PSC, "joined");
  assert.deepEqual(caller.heard.between(dialling, Date.now(), [HZ.hold, HZ.ringback]), [], "nobody waits for a conference");
  await hear({
    caller: ["ayu", "damkar", "psc"], ayu: ["caller", "damkar", "psc"], damkar: ["caller", "ayu", "psc"], psc: ["caller", "ayu", "damkar"],
  });

  // It is not needed any more.
  const { call: { parties } } = await supervisor.ask("GET", `calls/${id}`);
  await ayu.at(`drop-${parties.find(({ number }) => number === PSC).id}`).click();
  await psc.ended();
  assert.ok(psc.got("BYE"));
  await ayu.seesParty(PSC, undefined);
  await hear({ caller: ["ayu", "damkar"], ayu: ["caller", "damkar"], damkar: ["caller", "ayu"] });

  // The operator leaves them, and is there for the next caller at once.
  await ayu.at("hand-over").click();
  await ayu.seesOwnState("ready");
  await ayu.hearsNothing();
  const left = Date.now();
  await hear({ caller: ["damkar"], damkar: ["caller"] });
  assert.equal((await supervisor.ask("GET", `calls/${id}`)).call.state, "transferred");
  const next = await Caller.dial(world, siaga.sip, { number: "+628117705678", voice: HZ.next });
  everybody.next = next;
  await ayu.rings();
  await ayu.answer();
  await hear({ next: ["ayu"], ayu: ["next"], caller: ["damkar"], damkar: ["caller"] });

  // They go on for long enough that whoever else was heard would be noticed.
  const apart = left + 500;
  await until("caller and agency have heard each other for a while", () =>
    caller.heard.between(apart + 700, Date.now(), [HZ.damkar]).length && damkar.heard.between(apart + 700, Date.now(), [HZ.caller]).length);

  // The caller hangs up: that is the end for the agency too, and for nobody else.
  const end = Date.now();
  await caller.hangUp();
  await damkar.ended();
  assert.ok(damkar.got("BYE"));
  await hear({ next: ["ayu"], ayu: ["next"] });
  assert.deepEqual(caller.heard.between(apart, end, ALL), [HZ.damkar], "after the hand-over the caller heard the agency alone");
  assert.deepEqual(damkar.heard.between(apart, end, ALL), [HZ.caller], "and the agency the caller");
  await next.hangUp();

  const detail = await sealed(supervisor, id);
  assert.equal(detail.call.ended_by, "caller");
  assert.deepEqual(steps(detail), [
    "call.arrived", "call.offered", "call.answered",
    "call.party_dialled", "call.party_joined", "call.merged",
    "call.party_dialled", "call.party_joined", "call.party_left",
    "call.handed_over", "call.party_left", "call.ended",
  ]);
  const dialled = detail.timeline.filter(({ kind }) => kind === "call.party_dialled");
  assert.deepEqual(dialled.map(({ data: { number, mode } }) => [number, mode]), [[DAMKAR, "consult"], [PSC, "conference"]]);
  assert.deepEqual(detail.timeline.filter(({ kind }) => kind === "call.party_left").map(({ data: { party } }) => party),
    [dialled[1].data.party, dialled[0].data.party]);
  // The last ones are told when their ports are free again.
  for (const [side, party] of [["caller"], ["party", dialled[0].data.party]]) {
    await until(`how ${side} ${party ?? ""} was heard stands on the timeline`, async () => {
      const { timeline } = await supervisor.ask("GET", `calls/${id}`);
      const one = timeline.find(({ kind, data }) => kind === "call.quality" && data.side === side && data.party === party);
      return one?.data.mos > 1 && one.data.mos <= 4.5;
    });
  }
  await heardAsRecorded(supervisor, detail, {
    caller, voice: HZ.caller, others: [HZ.ayu, HZ.hold, HZ.damkar, HZ.psc],
    asides: { operator: HZ.ayu, hold: HZ.hold, parties: [[damkar, HZ.damkar]] },
  });

  /** What each hears now, by names. */
  async function hear(who) {
    for (const [name, voices] of Object.entries(who)) await everybody[name].hearsJust(voices.map((voice) => HZ[voice]), ALL);
  }
});

/** Long enough for a voice that should not be heard to be heard. */
function lasts(ms) {
  const began = Date.now();
  return until("a while has passed", () => Date.now() - began > ms);
}
