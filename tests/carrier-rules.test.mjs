// What a carrier may count on by the standards, whoever works in the room: sipp says what carriers say, and judges itself what comes back.
import assert from "node:assert/strict";
import { Caller } from "./support/caller.mjs";
import { PLACE, people } from "./support/city.mjs";
import { Examiner } from "./support/examiner.mjs";
import { openHouse } from "./support/house.mjs";
import { DEGREES, METRES, PLACED, around, pidf, placePart } from "./support/pidf.mjs";
import { udpRange } from "./support/ports.mjs";
import { checks } from "./support/sipp.mjs";
import { until } from "./support/wait.mjs";
import { scenario } from "./support/world.mjs";

const TESTS = { name: "tests", peers: ["127.0.0.1/32"] };
const NUMBER = "+628117708000";
const ALLOW = ["Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK"];
const NOBODY = ";tag=nobody";
const CAP = "application/EmergencyCallData.cap+xml";

const ASKED = [
  { what: "whether anybody is there", method: "OPTIONS", code: 200, answer: [ALLOW, ["Accept", "application/sdp"], ["Supported", "100rel.*timer"]] },
  { what: "a caller without a tag", fill: { tag: "" }, code: 400 },
  { what: "a body that ends too early", fill: { length: 9_999 }, code: 400 },
  { what: "a registration", method: "REGISTER", code: 405, answer: [ALLOW] },
  { what: "a subscription", method: "SUBSCRIBE", code: 405, answer: [ALLOW] },
  { what: "a type that is not read", fill: { type: "application/unknown" }, code: 415, answer: [["Accept", "application/sdp"]] },
  { what: "an encoding that is not read", headers: ["Content-Encoding: gzip"], code: 415, answer: [["Accept-Encoding", "^ *identity *$"]] },
  { what: "a message that is no alert", method: "MESSAGE", code: 415, answer: [["Accept", CAP.replace("+", "[+]")]] },
  { what: "an address of another kind", uri: "http://psap.example/112", code: 416 },
  { what: "preconditions (RFC 3312)", headers: ["Require: precondition"], code: 420, answer: [["Unsupported", "^ *precondition *$"]] },
  {
    what: "what we know among what we do not", headers: ["Require: 100rel, nothing, timer, precondition"], code: 420,
    answer: [["Unsupported", "^ *nothing, precondition *$"]],
  },
  { what: "too short a session", headers: ["Supported: timer", "Session-Expires: 60"], code: 422, answer: [["Min-SE", "^ *90 *$"]] },
  { what: "an alert that cannot be read", method: "MESSAGE", fill: { type: CAP }, code: 425, answer: [["AlertMsg-Error", "^ *103"]] },
  ...["INVITE", "BYE", "INFO", "UPDATE", "PRACK", "NOTIFY"]
    .map((method) => ({ what: `${method} in a call that there is not`, method, fill: { to: NOBODY }, code: 481 })),
  { what: "CANCEL of nothing", method: "CANCEL", code: 481 },
  {
    what: "a codec that we do not speak", fill: { formats: "96" }, sdp: ["a=rtpmap:96 opus/48000/2"], code: 488,
    answer: [["Warning", "^ *305 .*PCMA or PCMU"]],
  },
  { what: "a method that nobody knows", method: "NEWMETHOD", code: 501, answer: [ALLOW] },
  { what: "a message too large", fill: { length: 70_000 }, code: 513 },
];

scenario("what is out of order gets the answer that the standards have for it, and is no call", async (world) => {
  const siaga = await openHouse(world, { sip: { trunk: [TESTS] } });
  const supervisor = await siaga.as(people.citra);
  const asked = await Promise.all(ASKED.map(({ what, method = "INVITE", uri = `sip:112@${siaga.sip}`, code, answer = [], fill, ...more }) =>
    Examiner.start(world, "asking", {
      what, target: siaga.sip, fill: { method, code, answer: checks(answer), ...fill }, keys: { uri, number: NUMBER }, ...more,
    })));
  for (const one of asked) await one.agrees();
  assert.deepEqual(await supervisor.ask("GET", "calls?limit=10"), []);
});

const VOICE = "m=audio [1-9][0-9]* RTP/AVP 8 101";
const KEY = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

const WAYS = [
  { what: "by TCP", transport: "tcp" },
  { what: "the same INVITE by two ways", scenario: "merged" },
  { what: "provisional responses that must arrive", scenario: "reliable", seesRepetitions: true },
  { what: "an offer that crosses ours", scenario: "crossing" },
  { what: "a call that changes", scenario: "changing" },
  { what: "a session that we keep alive by UPDATE", scenario: "refreshed", within: 120 },
  { what: "a session that we keep alive by INVITE, which another INVITE crosses", scenario: "refreshed-by-invite", within: 120 },
  { what: "a caller who comes before others", headers: ["Require: resource-priority", "Resource-Priority: esnet.1, wps.0"] },
  {
    what: "encrypted voice", fill: { profile: "RTP/SAVP" }, sdp: [`a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${KEY}`],
    answer: [["body", "m=audio [1-9][0-9]* RTP/SAVP 8 101.*a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:[A-Za-z0-9+/]{40}"]],
  },
  {
    what: "pictures and what nobody knows",
    sdp: [
      "m=video 40000 RTP/AVP 96", "a=rtpmap:96 H264/90000", "m=text 40002 RTP/AVP 98", "a=rtpmap:98 t140/1000", "m=image 40004 udptl t38",
      "m=x-unknown 40006 RTP/AVP 99",
    ],
    answer: [["body", `${VOICE}.*m=video 0 RTP/AVP 96.*m=text [1-9][0-9]* RTP/AVP 98.*m=image 0 udptl t38.*m=x-unknown 0 RTP/AVP 99`]],
  },
];

const [NORTH, EAST] = [{ ...PLACE, latitude: 1.153 }, { ...PLACE, longitude: 104.019 }];
const ELLIPSE = `<gs:Ellipse ${around(PLACE)}<gs:semiMajorAxis uom="${METRES}">80</gs:semiMajorAxis>
<gs:semiMinorAxis uom="${METRES}">30</gs:semiMinorAxis><gs:orientation uom="${DEGREES}">43</gs:orientation></gs:Ellipse>`;
const corner = ({ latitude, longitude }) => `<gml:pos>${latitude} ${longitude}</gml:pos>`;
const POLYGON = `<gml:Polygon srsName="urn:ogc:def:crs:EPSG::4326"><gml:exterior><gml:LinearRing>
${[PLACE, NORTH, EAST, PLACE].map(corner).join("")}</gml:LinearRing></gml:exterior></gml:Polygon>`;
const CIVIC = `<ca:civicAddress xmlns:ca="urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr"><ca:country>ID</ca:country><ca:A3>Batam</ca:A3>
<ca:RD>Jalan Engku Putri</ca:RD><ca:HNO>1</ca:HNO></ca:civicAddress>`;
const POINT = pidf(`<gml:Point ${around(PLACE)}</gml:Point>`);
const INNER = `--inner
Content-Type: text/plain

from the network
--inner
Content-Type: application/pidf+xml
Content-ID: <place@carrier.example>

${POINT}
--inner--`;

/** What a call's body says of the place, and what the room is told of it. */
const PLACES = [
  { what: "a point", part: placePart(POINT), told: { position: PLACE, radius_m: null, shape: null } },
  {
    what: "an ellipse", part: placePart(pidf(ELLIPSE)),
    told: { position: PLACE, radius_m: 80, shape: { kind: "ellipse", semi_major_m: 80, semi_minor_m: 30, orientation_deg: 43 } },
  },
  { what: "a polygon", part: placePart(pidf(POLYGON)), told: { shape: { kind: "polygon", points: [PLACE, NORTH, EAST] } } },
  { what: "an address", part: placePart(pidf(CIVIC)), told: { position: null, civic: "Jalan Engku Putri No. 1, Batam, ID" } },
  { what: "a point in a part of a part", part: { type: "multipart/mixed;boundary=inner", text: INNER }, told: { position: PLACE } },
];

scenario("what carriers say in a call, each in its way, is understood", async (world) => {
  const rtp = await udpRange(160);
  const siaga = await openHouse(world, {
    sip: { trunk: [{ ...TESTS, srtp: "offered" }] }, media: { rtp_ports: `${rtp.first}-${rtp.last}` },
    // Nobody is on shift: each line is answered while its caller waits.
    queue: { answer_waiting_seconds: 10 },
  });
  const supervisor = await siaga.as(people.citra);
  const located = PLACES.map(({ what, part, told }, n) => ({ what, headers: [PLACED], parts: [part], number: `+62811770810${n}`, told }));
  const calls = await Promise.all([...WAYS, ...located].map(({ scenario: name = "answered", answer = [], number = NUMBER, fill, ...more }) =>
    Examiner.start(world, name, {
      target: siaga.sip, fill: { answer: checks(answer), ...fill }, keys: { dialled: "urn:service:sos", number }, ...more,
    })));
  // Test calls are ended by us.
  for (const transport of ["udp", "tcp"]) calls.push(...await byProxies(world, siaga, transport));
  for (const call of calls) await call.agrees();

  const known = await supervisor.ask("GET", "calls?limit=50");
  for (const { what, number, told } of located) {
    const { location } = known.find((call) => call.number === number);
    assert.deepEqual(Object.fromEntries(Object.keys(told).map((key) => [key, location?.[key]])), told, what);
  }
});

/** A call by two proxies, and the nearer of them. */
async function byProxies(world, siaga, transport) {
  const far = "sip:198.51.100.7;lr;r2=on";
  const proxy = await Examiner.start(world, "near-proxy", { what: `the nearer proxy by ${transport}`, transport, keys: { far } });
  const near = `sip:${proxy.sip};transport=${transport.toUpperCase()};lr;r2=on`;
  const caller = await Examiner.start(world, "by-proxies", {
    what: `a caller by two proxies by ${transport}`, target: siaga.sip, transport,
    keys: { dialled: "urn:service:test.sos", number: NUMBER, near, far },
  });
  return [caller, proxy];
}

scenario("what carriers want of calls of ours they get: passwords, the way back, another trunk in place of theirs", async (world) => {
  const account = { username: "siaga112", password: "sandi-trunk-112" };
  const keys = { user: account.username, password: account.password, far: "sip:198.51.100.7;lr;r2=on" };
  const full = await Examiner.start(world, "no-line", { address: "127.0.0.5", within: 150 });
  const called = await Examiner.start(world, "called-by-proxies", { address: "127.0.0.6", transport: "tcp", keys, within: 150 });
  const registrar = await Examiner.start(world, "registrar", { address: "127.0.0.7", keys, within: 150 });
  const watched = await Examiner.start(world, "watched", { address: "127.0.0.8", calls: 2, within: 150 });
  const siaga = await openHouse(world, {
    sip: {
      trunk: [
        TESTS,
        { name: "full", proxy: full.sip, options_seconds: 0 },
        { name: "asking", proxy: `tcp://${called.sip}`, options_seconds: 0, reliable: "supported", ...account },
        { name: "registered", registrars: [registrar.sip], ...account },
        { name: "watched", proxy: watched.sip, options_seconds: 2 },
      ],
    },
    queue: { fallback_number: "+6277811200", fallback_after_seconds: 1 },
  });
  const supervisor = await siaga.as(people.citra);
  const trunk = async (wanted) => (await supervisor.ask("GET", "trunks")).find(({ name }) => name === wanted);
  await until("the account is registered", async () => (await trunk("registered")).registered);
  await until("the watched trunk is up", async () => (await trunk("watched")).state === "up");

  // Nobody is on shift: the fallback number is called, by the first trunk that has a line.
  const caller = await Caller.dial(world, siaga.sip, {});
  await caller.answered({ within: 20_000 });
  await called.marks("agreed");
  await caller.hangUp();
  for (const one of [full, called, watched]) await one.agrees();
  assert.equal(await siaga.metric("siaga_sip_failovers_total"), 1);
  await siaga.stop();
  await registrar.agrees();
});
