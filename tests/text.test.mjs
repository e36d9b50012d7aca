// Real-time text (T.140, RFC 4103): a caller who cannot speak types, over a network that loses packets, and reads what the operator types.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Callee } from "./support/callee.mjs";
import { Caller } from "./support/caller.mjs";
import { people } from "./support/city.mjs";
import { tellsOfNoCaller } from "./support/discretion.mjs";
import { Exchange } from "./support/exchange.mjs";
import { atTheWall, callWhen, newestCall, onShift, openHouse, sealed } from "./support/house.mjs";
import { TextPhone } from "./support/text-phone.mjs";
import { until } from "./support/wait.mjs";
import { scenario, scenarioOnBoth } from "./support/world.mjs";

/** Typed for long enough to be looked at meanwhile. */
const KIOSK = "kios dua puluh, di samping toko emas, dekat pintu masuk sebelah timur";
/** Two of three packets are lost: as much as two repetitions make good. */
const TWO_OF_THREE = Array.from({ length: 100 }, (_, n) => n).filter((n) => n % 3 !== 0);

scenarioOnBoth("a caller who types is read letter by letter, over a bad network and from before the answer on", async (world) => {
  const siaga = await openHouse(world);
  const supervisor = await siaga.as(people.citra);
  const bagus = await siaga.as(people.bagus);
  const ayu = await onShift(world, siaga, "ayu");
  const phone = await TextPhone.open(world);
  const caller = await Caller.dial(world, siaga.sip, { sdp: phone.sdp });
  await ayu.rings();
  await ayu.at("ring-text").waitFor();
  await phone.connect(caller);
  const { id } = await newestCall(supervisor);
  const { lost } = await phone.types("Tolong, kebakaran di Pasar Jodoh 🚒\u2028", { lose: TWO_OF_THREE });
  assert.ok(lost > 3, `packets were lost: ${lost}`);

  // Nobody reads it before the answer, for it may ring at anybody.
  const { status, json } = await bagus.get(`calls/${id}/text`);
  assert.deepEqual([status, json.error.code], [409, "taken_by_another"]);
  await callWhen(supervisor, id, "has kept what was typed while it rang", ({ timeline }) => said(timeline).length === 1);
  assert.deepEqual(said((await bagus.ask("GET", `calls/${id}`)).timeline), []);

  // What was typed while it rang is there with the answer; then each letter as it comes.
  await ayu.answer();
  await reads(ayu, [["caller", "Tolong, kebakaran di Pasar Jodoh 🚒", true]]);
  const typing = phone.types(KIOSK);
  await until("ayu sees a line that is being typed", async () => {
    const open = (await lines(ayu)).find(([, text, ended]) => !ended && text.length > 0 && KIOSK.startsWith(text));
    return open && open[1].length < KIOSK.length;
  });
  await typing;
  await ayu.press("Alt+y");
  await ayu.type("Siapa yang terluka?");
  await phone.reads("Siapa yang terluka?");
  await ayu.press("Enter");
  await phone.reads("Siapa yang terluka?\u2028");

  // What is lost for good is marked once.
  await phone.types("\u2028dua orang di lantai atas, satu sesak napas\u2028", { lose: [4, 5, 6, 7] });
  await until("ayu reads the line with its gap", async () => (await lines(ayu)).some(([, text, ended]) => ended && text.startsWith("dua or")));
  const [, gapped] = (await lines(ayu)).find(([, text]) => text.startsWith("dua or"));
  assert.equal(gapped.match(/\ufffd/g)?.length, 1, gapped);
  assert.ok(gapped.endsWith("napas"), gapped);
  await ayu.page.getByText("sebagian hilang di jaringan").waitFor();
  await ayu.accessible("the console with its text panel");

  // A reload loses nothing of it.
  await ayu.reload();
  await until("ayu reads the conversation again", async () => (await lines(ayu)).length === 4);

  // What was said is still to be read while the report is finished.
  await caller.hangUp();
  await ayu.at("hang-up").waitFor({ state: "hidden" });
  const { timeline } = await sealed(supervisor, id);
  assert.equal((await lines(ayu)).length, 4);
  assert.deepEqual(said(timeline), [
    ["caller", "Tolong, kebakaran di Pasar Jodoh 🚒"],
    ["caller", KIOSK],
    [people.ayu.name, "Siapa yang terluka?"],
    ["caller", gapped],
  ].sort(byTime(timeline)));
  const [mine, others] = [await siaga.as(people.ayu), bagus];
  assert.deepEqual(said((await mine.ask("GET", `calls/${id}`)).timeline), said(timeline));
  assert.deepEqual(said((await others.ask("GET", `calls/${id}`)).timeline), [], "who may not hear the recording may not read it");
  await tellsOfNoCaller(siaga, ["Tolong", "Pasar Jodoh", "toko emas", "Siapa yang", "sesak"]);
});

scenario("a caller who typed and gave up is called back by a call that offers text, and nobody else is", async (world) => {
  const [typist, other] = ["+628117705099", "0778112233"];
  const exchange = await Exchange.open(world, { address: "127.0.0.1" });
  const siaga = await openHouse(world, { sip: { trunk: [exchange.trunk] } });
  const supervisor = await siaga.as(people.citra);
  const own = await TextPhone.open(world);
  const caller = await Caller.dial(world, siaga.sip, { number: typist, sdp: own.sdp });
  await own.connect(caller);
  await own.types("Tolong\u2028");
  const { id } = await newestCall(supervisor);
  await caller.hangUp();
  await callWhen(supervisor, id, "is over", ({ call }) => call.ended_at);

  const ayu = await onShift(world, siaga, "ayu");
  const again = await TextPhone.open(world);
  const callee = await Callee.wait(world, { scenario: "telephone", exchange, number: typist, address: "127.0.0.1", sdp: again.sdp });
  await ayu.callsOut(typist);
  await callee.picksUp();
  await again.connect(callee);
  await ayu.at("text-panel").waitFor();
  await ayu.press("Alt+y");
  await ayu.type("Apa yang terjadi?");
  await ayu.press("Enter");
  await again.reads("Apa yang terjadi?\u2028");
  await again.types("kebakaran\u2028");
  await reads(ayu, [["operator", "Apa yang terjadi?", true], ["caller", "kebakaran", true]]);
  await callee.hangsUp();
  await ayu.at("hang-up").waitFor({ state: "hidden" });

  const stranger = await Callee.wait(world, { scenario: "telephone", exchange, number: other, address: "127.0.0.1" });
  await ayu.callsOut(other);
  await stranger.picksUp();
  await stranger.hears(1000);
  assert.doesNotMatch(stranger.offer, /^m=text/m);
  await stranger.hangsUp();
});

scenario("only the operator of the call types, a retry doubles nothing, and a supervisor who listens reads along", async (world) => {
  const siaga = await openHouse(world);
  const ayu = await onShift(world, siaga, "ayu");
  const [own, bagus, supervisor] = [await siaga.as(people.ayu), await siaga.as(people.bagus), await siaga.as(people.citra)];
  const citra = await atTheWall(world, siaga, "citra");
  const phone = await TextPhone.open(world);
  const caller = await Caller.dial(world, siaga.sip, { sdp: phone.sdp });
  await ayu.rings();
  await phone.connect(caller);
  const { id } = await newestCall(supervisor);
  const type = (api, text, as = randomUUID()) => api.post(`calls/${id}/text`, { id: as, text });
  assert.equal((await type(own, "halo")).status, 409, "not before the answer");
  await ayu.answer();
  await ayu.at("text-panel").waitFor();

  const retried = randomUUID();
  for (let tries = 0; tries < 3; tries += 1) assert.equal((await type(own, "halo ", retried)).status, 204);
  assert.equal((await type(own, "Budi\n")).status, 204);
  await phone.reads("halo Budi\u2028");
  assert.equal(phone.read.match(/halo/g).length, 1, phone.read);
  for (const [api, text, expected] of [
    [bagus, "saya", [409, "no_shift"]], [supervisor, "saya", [409, "taken_by_another"]], [own, "\u0007", [422, "bad_text"]],
    [own, "x".repeat(501), [422, "bad_text"]], [own, "", [422, "invalid"]],
  ]) {
    const { status, json } = await type(api, text);
    assert.deepEqual([status, json.error.code], expected, text);
  }

  assert.equal((await supervisor.get(`calls/${id}/text`)).status, 409, "a supervisor reads the call that she listens to");
  await citra.at("wall-calls").getByTestId(`monitor-listen-${id}`).click();
  await reads(citra, [["operator", "halo Budi", true]]);
  await phone.types("ada api\u2028");
  await reads(citra, [["operator", "halo Budi", true], ["caller", "ada api", true]]);
  assert.equal(await citra.at("text-input").count(), 0, "who listens does not type");
  assert.ok(!phone.read.includes("saya"));
  await caller.hangUp();
});

scenario("what an operator typed last is kept, though the call is ended in the same breath", async (world) => {
  const siaga = await openHouse(world);
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const phone = await TextPhone.open(world);
  const caller = await Caller.dial(world, siaga.sip, { sdp: phone.sdp });
  await ayu.rings();
  await phone.connect(caller);
  await ayu.answer();
  await ayu.at("text-panel").waitFor();
  const { id } = await newestCall(supervisor);
  await ayu.at("text-input").fill("Bantuan segera datang");
  await ayu.hangUp();
  const { timeline } = await sealed(supervisor, id);
  assert.deepEqual(said(timeline), [[people.ayu.name, "Bantuan segera datang"]]);
  await caller.ended();
});

scenario("a caller takes text up in the middle of the call, and ends it", async (world) => {
  const siaga = await openHouse(world);
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const phone = await TextPhone.open(world);
  const caller = await Caller.dial(world, siaga.sip, { scenario: "texting", keys: { text_port: phone.port } });
  await ayu.rings();
  assert.equal(await ayu.at("ring-text").count(), 0);
  await ayu.answer();
  await ayu.hears(620);
  assert.equal(await ayu.at("text-panel").count(), 0);

  await caller.sign();
  await phone.connect(caller);
  await ayu.at("text-panel").waitFor();
  await phone.types("saya tidak bisa bicara\u2028");
  await reads(ayu, [["caller", "saya tidak bisa bicara", true]]);
  await ayu.at("text-input").fill("Ketik alamat Anda");
  await ayu.at("text-input").press("Enter");
  await phone.reads("Ketik alamat Anda\u2028");

  await caller.sign();
  await until("ayu is told that the text has ended", async () => (await ayu.at("text-state").innerText()).includes("menutup"));
  assert.equal(await ayu.at("text-input").count(), 0);
  await ayu.hears(620);
  const { id } = await newestCall(supervisor);
  await caller.hangUp();
  const { timeline } = await sealed(supervisor, id);
  assert.deepEqual(timeline.map(({ kind }) => kind).filter((kind) => kind.startsWith("call.text")),
    ["call.text_opened", "call.text", "call.text", "call.text_closed"]);
});

scenario("what was typed is there after the power goes, and after an orderly stop also the line that was not ended", async (world) => {
  const siaga = await openHouse(world);
  const supervisor = await siaga.as(people.citra);
  for (const [end, kept] of [["kill", ["tolong"]], ["stop", ["tolong", "saya di atap"]]]) {
    const ayu = await onShift(world, siaga, end === "kill" ? "ayu" : "bagus");
    const phone = await TextPhone.open(world);
    const caller = await Caller.dial(world, siaga.sip, { sdp: phone.sdp });
    await ayu.rings();
    await phone.connect(caller);
    await ayu.answer();
    const { id } = await newestCall(supervisor);
    await phone.types("tolong\u2028saya di atap");
    await until("ayu sees both lines", async () => (await lines(ayu)).at(-1)?.[1] === "saya di atap");
    await siaga[end]();
    await ayu.close();
    await caller.close();
    await siaga.start();
    const { timeline } = await callWhen(supervisor, id, "is closed", ({ call }) => call.state === "ended");
    assert.deepEqual(said(timeline), kept.map((text) => ["caller", text]), end);
  }
});

/** The typed lines of a timeline: who, and what. */
function said(timeline) {
  return timeline.filter(({ kind }) => kind === "call.text").map(({ actor, data }) => [actor.name ?? actor.who, data.text]);
}

/** In the order in which the timeline has them: a line is kept when it is ended. */
function byTime(timeline) {
  const order = said(timeline).map(([, text]) => text);
  return ([, one], [, other]) => order.indexOf(one) - order.indexOf(other);
}

/** What a console shows of the conversation: side, words, and whether the line is ended. */
async function lines(person) {
  return person.at("text-lines").locator("li[data-side]").evaluateAll((all) =>
    all.map((line) => [line.dataset.side, line.querySelector("bdi").firstChild?.textContent ?? "", line.dataset.ended === "true"]));
}

async function reads(person, expected) {
  await until(`the console shows ${JSON.stringify(expected)}`, async () => {
    const shown = await lines(person);
    return JSON.stringify(shown) === JSON.stringify(expected);
  });
}
