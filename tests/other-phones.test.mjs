// Telephones that others wrote call 112: each is heard and hears, in the clear and encrypted, over IPv4 and IPv6, and so it is recorded.
import assert from "node:assert/strict";
import { Baresip } from "./support/baresip.mjs";
import { Caller } from "./support/caller.mjs";
import { makeCertificate } from "./support/certificate.mjs";
import { people } from "./support/city.mjs";
import { atTheWall, newestCall, onShift, openHouse, sealed } from "./support/house.mjs";
import { Linphone } from "./support/linphone.mjs";
import { tcpPort, udpPort } from "./support/ports.mjs";
import { readWav, toneSeconds } from "./support/sound.mjs";
import { until } from "./support/wait.mjs";
import { scenario } from "./support/world.mjs";

const CALLER_HZ = 620;
const OPERATOR_HZ = 1000;
const TALK_MS = 1_000;

scenario("telephones that others wrote, in the clear and encrypted", async (world) => {
  const certificate = await makeCertificate(world, { address: "127.0.0.1" });
  const [udp, tls] = [`127.0.0.1:${await udpPort()}`, `127.0.0.1:${await tcpPort()}`];
  const siaga = await openHouse(world, {
    sip: {
      listen: [`udp://${udp}`, `tls://${tls}`], tls_certificate: certificate.file, tls_key: certificate.key,
      trunk: [{ name: "tests", peers: ["127.0.0.1/32"], srtp: "offered" }],
    },
  });
  const [supervisor, ayu] = [await siaga.as(people.citra), await onShift(world, siaga, "ayu")];
  const live = await (await siaga.as(people.ayu)).live(world);

  // In the clear, and the caller presses a key and hangs up.
  const baresip = await Baresip.start(world, { number: "+628117702001", voice: CALLER_HZ });
  baresip.dial(`sip:112@${udp}`);
  const first = await talked(supervisor, ayu, baresip);
  assert.equal(first.number, "+628117702001");
  await pressed(live, ayu, baresip, first.id, "7");
  baresip.hangUp();
  await bothRecorded(supervisor, first.id, "caller");
  await ayu.at("disposition-ghost").click();

  // Another one, and the operator hangs up.
  const linphone = await Linphone.start(world, { number: "+628117702002", voice: CALLER_HZ });
  linphone.dial(`sip:112@${udp}`);
  const second = await talked(supervisor, ayu, linphone);
  assert.equal(second.number, "+628117702002");
  await pressed(live, ayu, linphone, second.id, "5");
  await ayu.hangUp();
  await linphone.ended();
  await bothRecorded(supervisor, second.id, "operator");
  await ayu.at("disposition-ghost").click();

  // By TLS, the voice encrypted with the keys of the SDP (RFC 4568): the telephone is set to talk in no other way.
  const guarded = await Baresip.start(world, { number: "+628117702003", voice: CALLER_HZ, encrypted: certificate.authority });
  await callsAndIsHungUp(guarded, `sip:112@${tls}`, "+628117702003");
  await ayu.at("disposition-ghost").click();

  // One that knows only the suite with the short tag, as gateways of old.
  const short = await Linphone.start(world, { number: "+628117702004", voice: CALLER_HZ, suite: "AES_CM_128_HMAC_SHA1_32" });
  await callsAndIsHungUp(short, `sip:112@${udp}`, "+628117702004");

  async function callsAndIsHungUp(phone, uri, number) {
    phone.dial(uri);
    const call = await talked(supervisor, ayu, phone);
    assert.equal(call.number, number);
    await ayu.hangUp();
    await phone.ended();
    await bothRecorded(supervisor, call.id, "operator");
  }
});

for (const { what, media } of [
  { what: "of a server that has nothing else", media: { address: "::1" } },
  { what: "of a server whose operators are at IPv4", media: { address: "127.0.0.1", other_address: "::1" } },
]) {
  scenario(`a call over IPv6 ${what}`, async (world) => {
    const sip = await udpPort();
    const siaga = await openHouse(world, { sip: { listen: [`udp://[::1]:${sip}`], trunk: [{ name: "tests", peers: ["::1/128"] }] }, media });
    const [supervisor, ayu] = [await siaga.as(people.citra), await onShift(world, siaga, "ayu")];
    const caller = await Caller.dial(world, `[::1]:${sip}`, { address: "::1", voice: CALLER_HZ });
    const { id } = await talked(supervisor, ayu, caller);
    await ayu.hangUp();
    await caller.ended();
    await bothRecorded(supervisor, id, "operator");
  });
}

scenario("callers who cannot be taken or not be heard, and the control room sees why", async (world) => {
  const trunk = [{ name: "tests", peers: ["127.0.0.1/32"] }, { name: "guarded", peers: ["127.0.0.3/32"], srtp: "required" }];
  const siaga = await openHouse(world, { sip: { trunk } });
  const [supervisor, ayu] = [await atTheWall(world, siaga, "citra"), await onShift(world, siaga, "ayu")];
  const inClear = await Caller.dial(world, siaga.sip, { address: "127.0.0.3" });
  await inClear.refused(488);
  await seenTo("trunk guarded yang ditolak: suara tidak dalam PCMA atau PCMU, atau enkripsinya");

  // Whose voice is at the other family of addresses may speak by this one all the same, as linphone does; this one says nothing.
  const caller = await Caller.dial(world, siaga.sip, { sdp: ["c=IN IP6 2001:db8::9"], voice: null });
  await ayu.rings();
  await ayu.answer();
  await caller.answered();
  await seenTo("Suara penelepon tidak terdengar");
  await seenTo("trunk tests tidak terdengar: suaranya lewat IPv6");
  await ayu.hangUp();
  await caller.ended();

  async function seenTo(text) {
    await supervisor.at("alarm").filter({ hasText: text }).waitFor();
    await supervisor.at("acknowledge-alarm").click();
  }
});

/** The key reaches the operator and her screen. */
async function pressed(live, ayu, phone, id, key) {
  phone.press(key);
  assert.equal((await live.next("digit", ({ call }) => call === id)).digit, key);
  await ayu.at("caller-digits").getByText(key).first().waitFor();
}

/** It rings and is answered, and each hears the other; the call, as the API tells it. */
async function talked(supervisor, ayu, phone) {
  await ayu.rings();
  await ayu.answer();
  await phone.answered();
  await phone.hears(OPERATOR_HZ);
  await ayu.hears(CALLER_HZ);
  const talksSince = Date.now();
  await until("they have talked for long enough to be found in the recording", () => Date.now() - talksSince > TALK_MS);
  return newestCall(supervisor);
}

/** The recording has each voice in its own channel and nowhere else. */
async function bothRecorded(supervisor, id, endedBy) {
  const { call } = await sealed(supervisor, id);
  assert.equal(call.ended_by, endedBy);
  const { bytes } = await supervisor.get(`calls/${id}/recording.wav`);
  const { channels: [left, right], rate } = readWav(bytes);
  assert.ok(toneSeconds(left, rate, CALLER_HZ) >= 0.5, "the caller is recorded on the left");
  assert.ok(toneSeconds(right, rate, OPERATOR_HZ) >= 0.5, "the operator is recorded on the right");
  assert.equal(toneSeconds(left, rate, OPERATOR_HZ), 0, "the operator is not on the left");
  assert.equal(toneSeconds(right, rate, CALLER_HZ), 0, "the caller is not on the right");
}
