// A telephone that says itself where it is (Advanced Mobile Location): before its call or during it, by HTTPS or by a text message.
import assert from "node:assert/strict";
import { Caller } from "./support/caller.mjs";
import { people } from "./support/city.mjs";
import { callWhen, newestCall, onShift, openHouse } from "./support/house.mjs";
import { scenario } from "./support/world.mjs";

const TOKEN = "word-of-the-carriers-112";
const NUMBER = "+628117701234";
const TEXT = "A\"ML=1;lt=+1.13012;lg=+104.05301;rd=14;top=20261129171748;lc=68;pm=W;si=510100000000000;ei=123456789012345;mcc=510;mnc=10;ml=126";

async function brings(siaga, fields, authorization = `Bearer ${TOKEN}`) {
  const response = await fetch(`${siaga.url}/hooks/aml`, {
    method: "POST", body: new URLSearchParams(fields), headers: authorization ? { authorization } : {},
  });
  return { status: response.status, text: await response.text() };
}

scenario("the place that a telephone says is on the operator's map, and a better one takes its place", async (world) => {
  const siaga = await openHouse(world, {
    aml: { token: TOKEN },
    sip: { country_code: "62", trunk: [{ name: "tests", peers: ["127.0.0.1/32"] }] },
  });
  const api = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");

  // Faster than the call; and as the carrier of the text message writes the number.
  const text = { number: NUMBER.replace("+62", "0"), text: TEXT };
  assert.equal((await brings(siaga, text)).status, 200);
  const caller = await Caller.dial(world, siaga.sip, { number: NUMBER.replace("+", "") });
  await ayu.rings();
  await ayu.answer();
  const { id } = await newestCall(api);
  const { call: { location } } = await callWhen(api, id, "has a place", ({ call }) => call.location?.position);
  assert.deepEqual([location.position, location.radius_m, location.method], [{ latitude: 1.13012, longitude: 104.05301 }, 14, "802.11"]);
  await ayu.at("map").locator(".sg-marker-place").waitFor();

  const seen = { device_number: NUMBER, location_latitude: "1.13100", location_longitude: "104.05400", location_source: "gps" };
  assert.equal((await brings(siaga, { ...seen, location_accuracy: "300" })).status, 200);
  assert.equal((await brings(siaga, { ...seen, location_accuracy: "6" })).status, 200);
  const { call: { location: better }, timeline } = await callWhen(api, id, "has a better place", (detail) =>
    detail.timeline.some(({ kind }) => kind === "call.relocated"));
  assert.equal(better.radius_m, 6);
  assert.deepEqual(timeline.map(({ kind }) => kind).filter((kind) => kind.includes("located")), ["call.located", "call.relocated"],
    "what is less exact changes nothing");
  await caller.hangUp();
});

scenario("who shows no token, or says nothing of use, changes nothing", async (world) => {
  const siaga = await openHouse(world, { aml: { token: TOKEN } });
  const api = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const caller = await Caller.dial(world, siaga.sip, { number: NUMBER });
  await ayu.rings();
  await ayu.answer();
  const { id } = await newestCall(api);
  const good = { device_number: NUMBER, location_latitude: "1.13", location_longitude: "104.05" };
  assert.equal((await brings(siaga, good, null)).status, 401);
  assert.equal((await brings(siaga, good, "Bearer guessed")).status, 403);
  const nowhere = await brings(siaga, { number: NUMBER, text: TEXT.replace("pm=W", "pm=N") });
  assert.equal(nowhere.status, 202);
  assert.match(nowhere.text, /no place/);
  assert.equal(await siaga.metric("siaga_aml_total"), 1);
  assert.equal((await api.ask("GET", `calls/${id}`)).call.location, null);
  const basic = `Basic ${Buffer.from(`carrier:${TOKEN}`).toString("base64")}`;
  assert.equal((await brings(siaga, good, basic)).status, 200);
  await callWhen(api, id, "has a place", ({ call }) => call.location?.position.latitude === 1.13);
  await caller.hangUp();
});
