// What a network says beside the voice reaches the operator who answers: the place on the map, the cell, who the caller is.
import assert from "node:assert/strict";
import { Caller } from "./support/caller.mjs";
import { makeCertificate } from "./support/certificate.mjs";
import { PLACE, people } from "./support/city.mjs";
import { tellsOfNoCaller } from "./support/discretion.mjs";
import { callWhen, newestCall, onShift, openHouse } from "./support/house.mjs";
import { LocationServer } from "./support/location-server.mjs";
import { DEGREES, METRES, PLACED, around, pidf, placePart } from "./support/pidf.mjs";
import { PresenceServer } from "./support/presence-server.mjs";
import { until } from "./support/wait.mjs";
import { scenario } from "./support/world.mjs";

/** E-UTRAN of 510-10, tracking area 0x04D2, cell 0x0000DDD5: eNB 221, sector 213. */
const ACCESS = "P-Access-Network-Info: 3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=5101004D2000DDD5;network-provided";
const CELL = "510-10 TAC 1234 ECI 56789 (eNB 221, 213)";

const CENTRE = around(PLACE);

const PIDF = pidf(`<gs:Circle ${CENTRE}<gs:radius uom="${METRES}">60</gs:radius></gs:Circle>`);

const SUBSCRIBER = `<?xml version="1.0" encoding="UTF-8"?>
<ad:EmergencyCallData.SubscriberInfo xmlns:ad="urn:ietf:params:xml:ns:EmergencyCallData:SubscriberInfo" privacyRequested="false">
<ad:DataProviderReference>ref-7@carrier.example</ad:DataProviderReference>
<ad:SubscriberData><vcards xmlns="urn:ietf:params:xml:ns:vcard-4.0"><vcard><fn><text>Siti Rahmawati</text></fn></vcard></vcards></ad:SubscriberData>
</ad:EmergencyCallData.SubscriberInfo>`;

const COMMENT = `<?xml version="1.0" encoding="UTF-8"?>
<com:EmergencyCallData.Comment xmlns:com="urn:ietf:params:xml:ns:EmergencyCallData:Comment">
<com:DataProviderReference>ref-7@carrier.example</com:DataProviderReference>
<com:Comment xml:lang="id">Penelepon memakai kursi roda</com:Comment>
</com:EmergencyCallData.Comment>`;

/** What of all that would tell of a caller. */
const TELLING = ["8117705001", "Siti R", "kursi roda", "5101004D2000DDD5", "eNB 221", String(PLACE.longitude)];

const ADDITIONAL = {
  headers: [
    "Call-Info: <cid:subscriber@carrier.example>;purpose=EmergencyCallData.SubscriberInfo",
    "Call-Info: <cid:comment@carrier.example>;purpose=EmergencyCallData.Comment",
    PLACED,
  ],
  parts: [
    placePart(PIDF),
    { type: "application/EmergencyCallData.SubscriberInfo+xml", id: "subscriber@carrier.example", text: SUBSCRIBER },
    { type: "application/EmergencyCallData.Comment+xml", id: "comment@carrier.example", text: COMMENT },
  ],
};

scenario("place, cell, subscriber, comment and language of a caller are on the operator's screen", async (world) => {
  const siaga = await openHouse(world);
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const caller = await Caller.dial(world, siaga.sip, {
    headers: [ACCESS, "P-Asserted-Identity: \"Siti R\" <tel:+628117705001>", ...ADDITIONAL.headers], parts: ADDITIONAL.parts,
    sdp: ["a=hlang-send:en", "a=hlang-recv:en"], number: "anonymous",
  });
  await ayu.rings();
  // Before the answer: who, and in which language.
  await ayu.at("ring-banner").getByText("+628117705001").waitFor();
  await ayu.at("ring-facts").filter({ hasText: "Inggris" }).waitFor();
  await ayu.answer();
  await caller.hears(1000);
  await ayu.hears(620);

  const { location, cell, additional, languages, number } = await newestCall(supervisor);
  assert.equal(number, "+628117705001", "the network's word counts before the caller's own");
  assert.deepEqual(location.position, PLACE);
  assert.equal(location.radius_m, 60);
  assert.ok(cell.includes(CELL), cell);
  assert.deepEqual(languages, ["en"]);
  assert.ok(additional.some(({ kind, value }) => kind === "subscriber" && value.includes("Siti Rahmawati")), JSON.stringify(additional));

  // The form has the position, and the map shows it.
  await ayu.at("position").getByText(`${PLACE.latitude.toFixed(5)}, ${PLACE.longitude.toFixed(5)}`).waitFor();
  const marker = ayu.at("map").locator(".sg-marker-place");
  await marker.waitFor();
  await until("the place is in the middle of the map", async () => {
    const [sign, map] = [await marker.boundingBox(), await ayu.at("map").boundingBox()];
    const [x, y] = [sign.x + sign.width / 2 - map.x - map.width / 2, sign.y + sign.height - map.y - map.height / 2];
    return Math.abs(x) < 25 && Math.abs(y) < 25;
  });

  // What helps first is in view, everything by a key.
  await ayu.at("network-data").filter({ hasText: "Penelepon memakai kursi roda" }).click();
  for (const text of ["Penelepon memakai kursi roda", "Siti Rahmawati", CELL]) await ayu.at("network-facts").getByText(text).first().waitFor();
  await caller.hangUp();

  // It is still there when the call is looked up later.
  const { call } = await supervisor.ask("GET", `calls/${(await newestCall(supervisor)).id}`);
  assert.deepEqual([call.cell, call.additional, call.location], [cell, additional, location]);
  await tellsOfNoCaller(siaga, TELLING);
});

scenario("the sector of a cell is drawn as such, with how and when the network found it", async (world) => {
  const siaga = await openHouse(world);
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const sector = `<gs:ArcBand ${CENTRE}<gs:innerRadius uom="${METRES}">100</gs:innerRadius><gs:outerRadius uom="${METRES}">900</gs:outerRadius>
<gs:startAngle uom="${DEGREES}">266</gs:startAngle><gs:openingAngle uom="${DEGREES}">120</gs:openingAngle></gs:ArcBand>`;
  const caller = await Caller.dial(world, siaga.sip, {
    headers: [PLACED], parts: [placePart(pidf(sector, "<gp:method>Cell</gp:method>"))],
  });
  await ayu.rings();
  await ayu.answer();
  await caller.hears(1000);
  const { location } = await newestCall(supervisor);
  assert.deepEqual(location, {
    position: PLACE, radius_m: 900, civic: null, method: "Cell", at: "2026-01-01T00:00:00Z",
    shape: { kind: "arc_band", inner_m: 100, outer_m: 900, start_deg: 266, opening_deg: 120 },
  });
  await ayu.at("position").getByText(/900 m, lewat Cell, pukul .*2026/).waitFor();
  await ayu.at("map").locator(".sg-marker-place").waitFor();
  await caller.hangUp();
});

scenario("what the network only points to is fetched beside the call, from the trunk's own servers and no others", async (world) => {
  const certificate = await makeCertificate(world, { address: "127.0.0.1" });
  const documents = {
    "/place/7": { type: "application/pidf+xml", text: PIDF },
    "/comment/7": { type: "application/EmergencyCallData.Comment+xml", text: COMMENT },
  };
  const server = await LocationServer.open(world, certificate, documents);
  const other = await LocationServer.open(world, certificate, documents);
  other.answers();
  const siaga = await openHouse(world, {
    sip: { trunk: [{ name: "tests", peers: ["127.0.0.1/32"], location_servers: [server.host], location_ca: certificate.authority }] },
  });
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const live = await (await siaga.as(people.ayu)).live(world);
  const caller = await Caller.dial(world, siaga.sip, {
    headers: [
      `Geolocation: <https://${other.host}/place/7>, <https://${server.host}/place/7>`,
      `Call-Info: <https://${server.host}/comment/7>;purpose=EmergencyCallData.Comment`,
    ],
  });
  // The call rings while the server takes its time.
  await until("the server is asked for the data", () => server.asked.includes("GET /comment/7"));
  const { call: { id, location } } = await live.next("offered");
  assert.equal(location, null);
  server.answers();
  await ayu.rings();
  await ayu.answer();
  await caller.hears(1000);

  await ayu.at("position").getByText(`${PLACE.latitude.toFixed(5)}, ${PLACE.longitude.toFixed(5)}`).waitFor();
  await ayu.at("map").locator(".sg-marker-place").waitFor();
  await ayu.at("network-data").filter({ hasText: "Penelepon memakai kursi roda" }).waitFor();
  await until("it is written down", async () => {
    const { call, timeline } = await supervisor.ask("GET", `calls/${id}`);
    return call.location?.radius_m === 60 && timeline.some(({ kind }) => kind === "call.located");
  });
  // The place is asked for twice: what there is at once, and what a rescuer needs.
  await until("the exact place is asked for", () => server.asked.length === 3);
  assert.deepEqual(server.asked.toSorted(), ["GET /comment/7", "POST /place/7", "POST /place/7"]);
  assert.deepEqual(other.asked, [], "a caller cannot make siaga ask any address");
  await caller.hears(1000);
  await caller.hangUp();
  await tellsOfNoCaller(siaga, ["place/7", ...TELLING]);
});

scenario("a place on a server that the settings do not name is told to the operator, who asks for it, and to the room", async (world) => {
  const siaga = await openHouse(world);
  const supervisor = await siaga.as(people.citra);
  const live = await supervisor.live(world);
  const ayu = await onShift(world, siaga, "ayu");
  const caller = await Caller.dial(world, siaga.sip, { headers: ["Geolocation: <https://lis.carrier.invalid/place/7>"] });
  await ayu.rings();
  await ayu.answer();
  await ayu.at("place-not-fetched").filter({ hasText: "servernya tidak ada di pengaturan" }).waitFor();
  const { alarm } = await live.next("alarm", ({ alarm: { kind } }) => kind.kind === "location_not_allowed");
  assert.equal(alarm.kind.trunk, "tests");
  await ayu.at("alarm").filter({ hasText: "location_servers" }).waitFor();

  // Where the network keeps it is written down nowhere.
  const { id } = await newestCall(supervisor);
  const told = ({ kind }) => kind === "call.place_not_fetched";
  const { timeline } = await callWhen(supervisor, id, "says that its place was not fetched", (detail) => detail.timeline.some(told));
  assert.deepEqual(timeline.filter(told).map(({ data }) => data), [{ why: "not_allowed" }]);
  for (const text of [JSON.stringify(timeline), siaga.lines.join("\n")]) assert.ok(!text.includes("lis.carrier.invalid"), text);
  await caller.hears(1000);
  await caller.hangUp();
});

scenario("a place that the network points to by SIP is subscribed to, and follows the caller until the call is over", async (world) => {
  const moved = { latitude: PLACE.latitude + 0.001, longitude: PLACE.longitude };
  const server = await PresenceServer.open(world, { places: [{ ...PLACE, radius_m: 60 }, { ...moved, radius_m: 25 }] });
  const siaga = await openHouse(world, {
    sip: { trunk: [{ name: "tests", peers: ["127.0.0.1/32"], location_servers: [server.sip] }] },
  });
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const live = await (await siaga.as(people.ayu)).live(world);
  const caller = await Caller.dial(world, siaga.sip, { headers: [`Geolocation: <sip:place-7@${server.sip}>`] });
  // The call rings while the server takes its time.
  await server.subscribed();
  const { call: { id, location } } = await live.next("offered");
  assert.equal(location, null);
  await server.tells();
  await ayu.rings();
  await ayu.answer();
  await caller.hears(1000);
  const shown = `${PLACE.latitude.toFixed(5)}, ${PLACE.longitude.toFixed(5)}`;
  await ayu.at("position").getByText(shown).waitFor();
  await ayu.at("map").locator(".sg-marker-place").waitFor();

  await server.tells();
  await until("the caller is seen elsewhere", async () => {
    const { call, timeline } = await supervisor.ask("GET", `calls/${id}`);
    const kinds = timeline.map(({ kind }) => kind).filter((kind) => kind.endsWith("located"));
    return call.location?.radius_m === 25 && call.location.position.latitude === moved.latitude
      && kinds.join() === "call.located,call.relocated";
  }, { within: 30_000 });
  await ayu.at("position").getByText(shown).waitFor();
  await caller.hears(1000);
  await caller.hangUp();
  // sipp has heard the subscription taken back, and its last NOTIFY answered.
  await server.ended();
  await tellsOfNoCaller(siaga, ["place-7", ...TELLING]);
});
