// Operators with a desk phone: baresip registers as an operator's position, rings, is lifted, talks, is recorded and hung up, with the console
// beside it and without any.
import assert from "node:assert/strict";
import { Baresip } from "./support/baresip.mjs";
import { Callee } from "./support/callee.mjs";
import { Caller } from "./support/caller.mjs";
import { makeCertificate } from "./support/certificate.mjs";
import { people } from "./support/city.mjs";
import { PASSWORD, PHONE_HZ, atThePhone, deskPhone, houseWithPhones, operatorIs, passesOn, phoneIs } from "./support/desk-phones.mjs";
import { Exchange } from "./support/exchange.mjs";
import { newestCall, onShift, sealed } from "./support/house.mjs";
import { Linphone } from "./support/linphone.mjs";
import { readWav, toneSeconds } from "./support/sound.mjs";
import { until } from "./support/wait.mjs";
import { scenario } from "./support/world.mjs";

const CALLER_HZ = 620;
const TALK_MS = 1_000;

async function talkAWhile() {
  const since = Date.now();
  await until("they have talked for long enough to be found in the recording", () => Date.now() - since > TALK_MS);
}

/** The recording has each voice in its own channel and nowhere else. */
async function bothRecorded(api, id, endedBy) {
  const { call } = await sealed(api, id);
  assert.equal(call.ended_by, endedBy);
  const { bytes } = await api.get(`calls/${id}/recording.wav`);
  const { channels: [left, right], rate } = readWav(bytes);
  for (const [who, side, hz] of [["caller", left, CALLER_HZ], ["operator", right, PHONE_HZ]]) {
    const seconds = toneSeconds(side, rate, hz);
    assert.ok(seconds >= 0.5, `the ${who} is recorded for ${seconds} of ${side.length / rate} s`);
  }
  assert.equal(toneSeconds(left, rate, PHONE_HZ), 0, "the operator is not on the left");
  assert.equal(toneSeconds(right, rate, CALLER_HZ), 0, "the caller is not on the right");
}

scenario("a desk phone in place of the headset: it rings, is lifted, heard both ways, recorded, and hung up; a reload disturbs nothing", async (world) => {
  const siaga = await houseWithPhones(world);
  const api = await siaga.as(people.citra);
  const phone = await deskPhone(world, siaga, "meja-1");
  const ayu = await atThePhone(world, siaga, "ayu", "meja-1");

  const caller = await Caller.dial(world, siaga.sip, { voice: CALLER_HZ });
  await phone.rings();
  await ayu.rings();
  phone.lift();
  await caller.answered();
  await caller.hears(PHONE_HZ);
  await phone.hears(CALLER_HZ);
  await ayu.seesCall("active");
  const { id, operator_name: name } = await newestCall(api);
  assert.equal(name, people.ayu.name);

  // The page is reloaded: the call is the phone's.
  await ayu.page.reload();
  await ayu.seesCall("active");
  const since = Date.now();
  await caller.hears(PHONE_HZ, { since });
  await phone.hears(CALLER_HZ);
  assert.equal((await newestCall(api)).state, "active");

  // The phone holds, and goes on.
  phone.hold();
  await ayu.seesCall("held");
  await caller.hearsNot(PHONE_HZ);
  await ayu.at("hold").click();
  assert.match(await ayu.complaint(), /Lanjutkan dari teleponnya/, "nothing that is said into the phone would be heard");
  await ayu.seesCall("held");
  phone.resume();
  await ayu.seesCall("active");
  await caller.hears(PHONE_HZ);
  await talkAWhile();

  phone.hangUp();
  await caller.ended();
  await bothRecorded(api, id, "operator");
  await phoneIs(api, "meja-1", "registered");
});

scenario("an answer at the console asks for the handset, and what the console does reaches the phone", async (world) => {
  const siaga = await houseWithPhones(world);
  const api = await siaga.as(people.citra);
  const phone = await deskPhone(world, siaga, "meja-2", { via: "tcp" });
  const ayu = await atThePhone(world, siaga, "ayu", "meja-2");

  const caller = await Caller.dial(world, siaga.sip, { voice: CALLER_HZ });
  await ayu.rings();
  await phone.rings();
  await ayu.at("answer").click();
  await until("the console asks for the handset", async () => (await ayu.at("my-phone").getAttribute("data-phone-state")) === "lift");
  assert.equal(caller.answers.some(({ code }) => code === 200), false, "the caller is not answered by a handset that lies there");
  phone.lift();
  await caller.hears(PHONE_HZ);
  await phone.hears(CALLER_HZ);
  await talkAWhile();
  const { id } = await newestCall(api);
  await ayu.hangUp();
  await phone.ended();
  await caller.ended();
  await bothRecorded(api, id, "operator");
});

scenario("with no browser at all: *11, a call, *12, *13", async (world) => {
  const siaga = await houseWithPhones(world);
  const api = await siaga.as(people.citra);
  const phone = await deskPhone(world, siaga, "meja-1");
  phone.dial(`sip:*11@${siaga.sip}`);
  await phone.ended();
  await operatorIs(world, api, "ayu", "ready");

  const caller = await Caller.dial(world, siaga.sip, { voice: CALLER_HZ });
  await phone.rings();
  phone.lift();
  await caller.hears(PHONE_HZ);
  await phone.hears(CALLER_HZ);
  await talkAWhile();
  const { id } = await newestCall(api);
  await caller.hangUp();
  await bothRecorded(api, id, "caller");

  await phoneIs(api, "meja-1", "registered");
  phone.dial(`sip:*122@${siaga.sip}`);
  await operatorIs(world, api, "ayu", "paused");
  const { operators } = await (await api.live(world)).next("snapshot");
  assert.equal(operators.find(({ name }) => name === people.ayu.name).state.reason, "prayer");
  await until("the phone is free again", async () => (await siaga.metric("siaga_sip_calls")) === 0);
  phone.dial(`sip:*13@${siaga.sip}`);
  const live = await api.live(world);
  await until("the shift is over", async () => {
    const fresh = await (await siaga.as(people.citra)).ask("GET", "phones");
    return fresh.find(({ name }) => name === "meja-1").operator === null;
  });
  live.close();
});

scenario("a phone that vanishes is noticed: its call is covered and goes to the next operator", async (world) => {
  const siaga = await houseWithPhones(world, { queue: { detached_seconds: 5 } });
  const api = await siaga.as(people.citra);
  const phone = await deskPhone(world, siaga, "meja-1");
  phone.dial(`sip:*11@${siaga.sip}`);
  await phone.ended();
  await operatorIs(world, api, "ayu", "ready");
  const caller = await Caller.dial(world, siaga.sip, { voice: CALLER_HZ });
  await phone.rings();
  phone.lift();
  await caller.hears(PHONE_HZ);
  const bagus = await onShift(world, siaga, "bagus");
  await phone.vanish();
  await passesOn(api, "meja-1", bagus, caller, { voice: 1400, callerVoice: CALLER_HZ });
});

scenario("a phone that registers late after a restart of the server is the operator's again", async (world) => {
  const siaga = await houseWithPhones(world);
  const phone = await deskPhone(world, siaga, "meja-1");
  const ayu = await atThePhone(world, siaga, "ayu", "meja-1");
  await phone.close();
  await siaga.kill();
  await siaga.start();
  const api = await siaga.as(people.citra);
  await operatorIs(world, api, "ayu", "preparing");
  const again = await deskPhone(world, siaga, "meja-1");
  await ayu.seesOwnState("ready", { timeout: 30_000 });
  const caller = await Caller.dial(world, siaga.sip, { voice: CALLER_HZ });
  await again.rings();
  again.lift();
  await caller.hears(PHONE_HZ);
  await caller.hangUp();
});

scenario("a phone with a wrong password is nobody's, and one that is busy declines", async (world) => {
  const siaga = await houseWithPhones(world);
  const api = await siaga.as(people.citra);
  const wrong = await Baresip.start(world, { number: "meja-2", registrar: siaga.sip, password: "salah-sekali", voice: PHONE_HZ });
  await until("it is refused", async () => (await siaga.metric("siaga_sip_refused_total")) > 1);
  await phoneIs(api, "meja-2", "away");
  await wrong.vanish();

  const phone = await deskPhone(world, siaga, "meja-1");
  phone.dial(`sip:*11@${siaga.sip}`);
  await phone.ended();
  await operatorIs(world, api, "ayu", "ready");
  const bagus = await onShift(world, siaga, "bagus");
  const caller = await Caller.dial(world, siaga.sip, { voice: CALLER_HZ });
  await phone.rings();
  phone.hangUp();
  await bagus.rings();
  await bagus.answer();
  await caller.hears(1400);
  await caller.hangUp();
});

for (const [what, options] of [["that comes back", 2], ["that is started anew before anybody notices", 60]]) {
  scenario(`a phone ${what} rings again, and the call goes on`, async (world) => {
    const siaga = await houseWithPhones(world, { options });
    const api = await siaga.as(people.citra);
    const phone = await deskPhone(world, siaga, "meja-1");
    phone.dial(`sip:*11@${siaga.sip}`);
    await phone.ended();
    await operatorIs(world, api, "ayu", "ready");
    const caller = await Caller.dial(world, siaga.sip, { voice: CALLER_HZ });
    await phone.rings();
    phone.lift();
    await caller.hears(PHONE_HZ);
    await phone.vanish();
    if (options < 10) {
      await phoneIs(api, "meja-1", "away", { within: 40_000 });
      await until("the call waits for the phone", async () => (await newestCall(api)).state === "detached");
    }
    const again = await Baresip.start(world, { number: "meja-1", registrar: siaga.sip, password: PASSWORD, voice: 1400 });
    await again.rings();
    again.lift();
    await caller.hears(1400);
    await again.hears(CALLER_HZ);
    const { state, operator_name: name } = await newestCall(api);
    assert.deepEqual([state, name], ["active", people.ayu.name]);
    again.hangUp();
    await caller.ended();
  });
}

scenario("who works with a phone calls out by it: first the handset, then the number", async (world) => {
  const NUMBER = "0778112233";
  const exchange = await Exchange.open(world);
  const callee = await Callee.wait(world, { scenario: "telephone", exchange, number: NUMBER, voice: 1800 });
  const siaga = await houseWithPhones(world, { trunks: [exchange.trunk] });
  const phone = await deskPhone(world, siaga, "meja-1");
  const ayu = await atThePhone(world, siaga, "ayu", "meja-1");
  await ayu.callsOut(NUMBER);
  await phone.rings();
  assert.deepEqual(exchange.called, [], "nobody is called for a handset that lies there");
  phone.lift();
  await callee.rings();
  await phone.hears(425);
  await callee.picksUp();
  await ayu.seesCall("active");
  await callee.hears(PHONE_HZ);
  await phone.hears(1800);
  await callee.hangsUp();
  await ayu.seesOwnState("ready");
  await phoneIs(await siaga.as(people.citra), "meja-1", "registered");
});

scenario("a supervisor with a phone whispers to the operator, and the caller hears nothing of it", async (world) => {
  const siaga = await houseWithPhones(world);
  const api = await siaga.as(people.citra);
  const phone = await deskPhone(world, siaga, "meja-2");
  const ayu = await onShift(world, siaga, "ayu");
  const citra = await atThePhone(world, siaga, "citra", "meja-2");
  await citra.at("pause").click();
  await citra.page.getByRole("menuitem").first().click();
  await citra.seesOwnState("paused");
  await citra.at("menu").click();
  await citra.at("page-supervise").click();
  await citra.at("works-by-phone").filter({ hasText: "meja-2" }).waitFor();

  const caller = await Caller.dial(world, siaga.sip, { voice: CALLER_HZ });
  await ayu.rings();
  await ayu.answer();
  await caller.hears(1000);
  const { id } = await newestCall(api);
  await citra.at("wall-calls").getByTestId(`monitor-whisper-${id}`).click();
  await phone.rings();
  phone.lift();
  await ayu.hearsJust([CALLER_HZ, PHONE_HZ], [CALLER_HZ, PHONE_HZ, 1000]);
  await caller.hearsJust([1000], [CALLER_HZ, PHONE_HZ, 1000]);
  await citra.at("wall-calls").getByTestId(`monitor-stop-${id}`).click();
  await phone.ended();
  await ayu.hearsJust([CALLER_HZ], [CALLER_HZ, PHONE_HZ, 1000]);
  await ayu.hangUp();
  await caller.ended();
});

scenario("a phone that encrypts all it says, and one that does not, at the same house", async (world) => {
  const certificate = await makeCertificate(world, { address: "127.0.0.1" });
  const siaga = await houseWithPhones(world, { certificate });
  const api = await siaga.as(people.citra);
  const [guarded, plain] = [
    await deskPhone(world, siaga, "meja-1", { encrypted: certificate.authority }),
    await deskPhone(world, siaga, "meja-2", { voice: 1400 }),
  ];
  guarded.dial(`sip:*11@${siaga.secure}`);
  await guarded.ended();
  await operatorIs(world, api, "ayu", "ready");
  const first = await Caller.dial(world, siaga.sip, { voice: CALLER_HZ });
  await guarded.rings();
  guarded.lift();
  await first.hears(PHONE_HZ);
  await guarded.hears(CALLER_HZ);
  await talkAWhile();
  const { id } = await newestCall(api);

  const bagus = await atThePhone(world, siaga, "bagus", "meja-2");
  const second = await Caller.dial(world, siaga.sip, { voice: CALLER_HZ, number: "+628117701235" });
  await plain.rings();
  plain.lift();
  await second.hears(1400);
  await plain.hears(CALLER_HZ);
  await bagus.hangUp();
  await second.ended();
  guarded.hangUp();
  await first.ended();
  await bothRecorded(api, id, "operator");
});

scenario("another make of phone proves itself by the newer digest", async (world) => {
  const siaga = await houseWithPhones(world, { digests: ["SHA-256", "MD5"] });
  const api = await siaga.as(people.citra);
  const phone = await Linphone.start(world, { number: "meja-2", voice: PHONE_HZ });
  phone.register("meja-2", siaga.sip, PASSWORD);
  await phoneIs(api, "meja-2", "registered");
  const ayu = await atThePhone(world, siaga, "ayu", "meja-2");
  const caller = await Caller.dial(world, siaga.sip, { voice: CALLER_HZ });
  await phone.rings();
  phone.lift();
  await caller.hears(PHONE_HZ);
  await phone.hears(CALLER_HZ);
  await ayu.hangUp();
  await phone.ended();
  await caller.ended();
});
