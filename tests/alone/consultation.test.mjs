// Consultations that do not come to a conference: whoever is asked is busy, is not waited for, or hangs up, and the operator is with the
// caller again each time; in the last one the caller hangs up, and the operator goes on with whoever was asked.
import assert from "node:assert/strict";
import { Callee } from "../support/callee.mjs";
import { Caller } from "../support/caller.mjs";
import { people } from "../support/city.mjs";
import { Exchange } from "../support/exchange.mjs";
import { announcements, newestCall, onShift, openHouse, sealed, steps } from "../support/house.mjs";
import { heardAsRecorded } from "../support/recorded.mjs";
import { scenario } from "../support/world.mjs";

const HZ = { caller: 620, ayu: 1000, short: 1800, last: 2200, third: 2700, hold: 500 };
const ALL = Object.values(HZ);
const KEYS = "42199#0";
const [BUSY, SLOW, SHORT, LAST, THIRD] = ["0778111", "0778112", "0778113", "0778114", "0778115"];

scenario("an operator who asked in vain is with the caller again", async (world) => {
  const exchange = await Exchange.open(world);
  await Callee.wait(world, { scenario: "busy", exchange, number: BUSY });
  const slow = await Callee.wait(world, { scenario: "telephone", exchange, number: SLOW });
  const short = await Callee.wait(world, { scenario: "telephone", exchange, number: SHORT, voice: HZ.short });
  const last = await Callee.wait(world, { scenario: "telephone", exchange, number: LAST, voice: HZ.last });
  const third = await Callee.wait(world, { scenario: "telephone", exchange, number: THIRD, voice: HZ.third });
  const siaga = await openHouse(world, {
    sip: { trunk: [{ name: "tests", peers: ["127.0.0.1/32"] }, exchange.trunk] },
    queue: { announcements: await announcements(world, { hold: HZ.hold }) },
  });
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const caller = await Caller.dial(world, siaga.sip, { voice: HZ.caller });
  await ayu.rings();
  await ayu.answer();
  await together();
  const { id } = await newestCall(supervisor);

  await ayu.callsIn(BUSY, "consult");
  assert.match(await ayu.complaint(), /0778111.*tidak tersambung: sibuk/, "why, for what to do next differs");
  await ayu.at("timeline").getByText(/Pihak lain keluar.*0778111.*sibuk \(486\)/).first().waitFor();
  await ayu.seesParty(BUSY, undefined);
  await together();

  // It rings for too long.
  await ayu.callsIn(SLOW, "consult");
  await slow.rings();
  await ayu.seesParty(SLOW, "ringing");
  await caller.hearsJust([HZ.hold], ALL);
  await drop(SLOW);
  await slow.ended();
  assert.ok(slow.got("CANCEL"));
  await together();

  // It answers, and hangs up.
  await ayu.callsIn(SHORT, "consult");
  await short.picksUp();
  await ayu.seesParty(SHORT, "consulting");
  await short.hearsJust([HZ.ayu], ALL);
  await caller.hearsJust([HZ.hold], ALL);
  await short.hangsUp();
  await together();

  // The caller hangs up while the operator asks: the sentence is brought to its end.
  await ayu.callsIn(LAST, "consult");
  await last.picksUp();
  await ayu.hearsJust([HZ.last], ALL);
  await last.hearsJust([HZ.ayu], ALL);
  await caller.hangUp();
  await ayu.at("caller-gone").waitFor();
  await ayu.seesParty(LAST, "joined");
  await ayu.seesCall("active");
  assert.equal(await ayu.at("hold").count() + await ayu.at("hand-over").count(), 0, "there is nobody to hold or to hand over");
  await ayu.hearsJust([HZ.last], ALL);
  await last.hearsJust([HZ.ayu], ALL);
  assert.equal(last.got("BYE"), false);
  // Others can be asked as well; both hear each other.
  await ayu.callsIn(THIRD, "conference");
  await third.picksUp();
  await third.hearsJust([HZ.ayu, HZ.last], ALL);
  await third.hangsUp();
  await ayu.seesParty(THIRD, undefined);
  await ayu.hearsJust([HZ.last], ALL);
  await ayu.hangUp();
  await last.ended();
  assert.ok(last.got("BYE"));
  await ayu.seesOwnState("ready");
  await ayu.hearsNothing();

  const detail = await sealed(supervisor, id);
  assert.equal(detail.call.ended_by, "caller");
  assert.deepEqual(steps(detail), [
    "call.arrived", "call.offered", "call.answered",
    "call.party_dialled", "call.party_left",
    "call.party_dialled", "call.party_left",
    "call.party_dialled", "call.party_joined", "call.party_left",
    "call.party_dialled", "call.party_joined", "call.caller_gone",
    "call.party_dialled", "call.party_joined", "call.party_left",
    "call.party_left", "call.ended",
  ]);
  const left = detail.timeline.filter(({ kind }) => kind === "call.party_left").map(({ data: { why } }) => why);
  assert.deepEqual(left.slice(0, 3), ["not_answered", "dropped", "hung_up"]);
  await heardAsRecorded(supervisor, detail, {
    caller, voice: HZ.caller, others: [HZ.ayu, HZ.hold, HZ.short, HZ.last, HZ.third],
    asides: { operator: HZ.ayu, hold: HZ.hold, parties: [[short, HZ.short], [last, HZ.last], [third, HZ.third]] },
  });

  async function together() {
    await ayu.seesCall("active");
    await caller.hearsJust([HZ.ayu], ALL);
    await ayu.hearsJust([HZ.caller], ALL);
  }

  async function drop(number) {
    const { call: { parties } } = await supervisor.ask("GET", `calls/${id}`);
    await ayu.at(`drop-${parties.find((one) => one.number === number).id}`).click();
  }
});

scenario("the menu of whoever is asked hears the console's keys, and the caller does not", async (world) => {
  const exchange = await Exchange.open(world);
  const menu = await Callee.wait(world, { scenario: "telephone", exchange, number: SHORT, voice: HZ.short, takesKeys: true });
  const siaga = await openHouse(world, { sip: { trunk: [{ name: "tests", peers: ["127.0.0.1/32"] }, exchange.trunk] } });
  const ayu = await onShift(world, siaga, "ayu");
  const caller = await Caller.dial(world, siaga.sip, { voice: HZ.caller });
  await ayu.rings();
  await ayu.answer();
  await caller.hears(HZ.ayu);
  await ayu.callsIn(SHORT, "consult");
  await menu.picksUp();
  await menu.hears(HZ.ayu);
  // The first one comes before the keypad's buttons are there.
  await ayu.page.evaluate(async (key) => {
    document.querySelector('[data-testid="keypad"]').click();
    await new Promise((done) => setTimeout(done));
    document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  }, KEYS[0]);
  // As fast as they can be pressed, and in this order all the same.
  for (const key of KEYS.slice(1)) await ayu.press(key);
  // A key that is held down is pressed once.
  for (let down = 0; down < 3; down += 1) await ayu.page.keyboard.down("7");
  await ayu.page.keyboard.up("7");
  await ayu.press("8");
  await menu.getsKeys(`${KEYS}78`);
  assert.equal(caller.keys, "");
  await caller.hangUp();
  await ayu.at("caller-gone").waitFor();
  await ayu.press("9");
  await menu.getsKeys(`${KEYS}789`);
  await ayu.hangUp();
  await menu.ended();
});
