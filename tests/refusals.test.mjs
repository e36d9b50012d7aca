// What must be refused is refused clearly, and changes nothing.
import assert from "node:assert/strict";
import { Caller } from "./support/caller.mjs";
import { MEDICS_NUMBER, importCity, people, teamNamed } from "./support/city.mjs";
import { tellsOfNoCaller } from "./support/discretion.mjs";
import { newestCall, onShift, openHouse, sealed } from "./support/house.mjs";
import { Line } from "./support/line.mjs";
import { Telegram } from "./support/telegram.mjs";
import { until } from "./support/wait.mjs";
import { Whatsapp } from "./support/whatsapp.mjs";
import { scenario, scenarioOnBoth } from "./support/world.mjs";

scenario("a call from an address of no trunk gets 403 and is no call", async (world) => {
  const siaga = await openHouse(world);
  const supervisor = await siaga.as(people.citra);
  const live = await supervisor.live(world);
  const stranger = await Caller.dial(world, siaga.sip, { scenario: "refused", address: "127.0.0.9" });
  await stranger.refused(403);
  await stranger.ended();
  assert.equal(await siaga.metric("siaga_sip_refused_total"), 1);
  // Over TCP too; sipp's scenario goes well only if the answer is 403.
  const another = await Caller.dial(world, siaga.sip, { scenario: "refused", address: "127.0.0.9", transport: "tcp" });
  await another.ended();
  assert.equal(await siaga.metric("siaga_sip_refused_total"), 2);
  await noCalls(supervisor);

  // Events come in their order: a later call's is the first there is.
  const caller = await Caller.dial(world, siaga.sip, { number: "+628117705678" });
  const { call } = await live.next("call");
  assert.equal(call.number, "+628117705678");
  await caller.hangUp();
  await tellsOfNoCaller(siaga);
});

scenario("malformed requests get 400, garbage nothing, and the next call rings", async (world) => {
  const siaga = await openHouse(world);
  const supervisor = await siaga.as(people.citra);
  const line = await Line.open(world, siaga.sip);
  const good = {
    Via: `SIP/2.0/UDP ${line.address};branch=z9hG4bK-m`, From: "<sip:+62811@127.0.0.1>;tag=m", To: "<sip:112@127.0.0.1>",
    "Call-ID": "malformed", CSeq: "1 INVITE", "Max-Forwards": "70", Contact: `<sip:caller@${line.address}>`, "Content-Length": "0",
  };
  const wrong = {
    "a CSeq that is no number": { CSeq: "one INVITE" },
    "a CSeq of another method": { CSeq: "1 OPTIONS" },
    "no Call-ID": { "Call-ID": undefined },
    "no From": { From: undefined },
    "no To": { To: undefined },
  };
  for (const [what, change] of Object.entries(wrong)) {
    const branch = `SIP/2.0/UDP ${line.address};branch=z9hG4bK-${what.replaceAll(" ", "")}`;
    const code = await line.invite({ ...good, Via: branch, "Call-ID": what.replaceAll(" ", "-"), ...change });
    assert.equal(code, 400, `an INVITE with ${what}`);
  }
  assert.equal(await siaga.metric("siaga_sip_refused_total"), Object.keys(wrong).length);

  const long = `INVITE ${"a".repeat(60_000)} SIP/2.0\r\n\r\n`;
  // The first two keep a connection alive; the others are garbage, and counted.
  const [quiet, garbage] = [["", "\r\n\r\n"], ["INVITE", "\0\x01\x02\xff".repeat(400), long]];
  for (const octets of [...quiet, ...garbage]) await line.send(octets);
  const counted = async () => {
    const all = await Promise.all(["dropped", "refused"].map((what) => siaga.metric(`siaga_sip_${what}_total`)));
    return all.reduce((sum, one) => sum + one) - Object.keys(wrong).length;
  };
  await until("all garbage is counted", async () => (await counted()) === garbage.length);
  await noCalls(supervisor);
  const caller = await Caller.dial(world, siaga.sip, {});
  await caller.hearsSomething();
  await caller.hangUp();
  await until("that call is the only one", async () => (await supervisor.ask("GET", "calls?limit=10")).length === 1);
  assert.equal(await counted(), garbage.length, "nothing else was refused or dropped");
  await tellsOfNoCaller(siaga);
});

scenarioOnBoth("webhooks without the right signature change nothing", async (world) => {
  const [telegram, whatsapp] = [await Telegram.start(world), await Whatsapp.start(world)];
  const siaga = await openHouse(world, { telegram: telegram.settings, whatsapp: whatsapp.settings, before: importCity });
  const supervisor = await siaga.as(people.citra);
  const { incident, fire, medics } = await dispatched(world, siaga, supervisor);
  const outside = siaga.api();
  const dispatches = async () => (await supervisor.ask("GET", `incidents/${incident}`)).incident.dispatches;
  const sent = await until("both dispatches are out", async () => {
    const all = await dispatches();
    return all.every(({ progress }) => progress === "sent") && all;
  });

  const message = await whatsapp.message(({ to }) => to === MEDICS_NUMBER);
  const [payload] = Whatsapp.payloads(message);
  const press = {
    messages: [{
      from: MEDICS_NUMBER, id: "wamid.forged", timestamp: "1795000000",
      type: "button", button: { payload, text: "Diterima" }, context: { id: message.id },
    }],
  };
  for (const signature of [null, "", "sha256=", `sha256=${"0".repeat(64)}`, "sha1=0000"]) {
    const { status } = await whatsapp.deliver(outside, press, { signature });
    assert.ok(status === 401 || status === 403, `WhatsApp with the signature ${signature} is answered ${status}`);
  }
  const card = await telegram.dispatch();
  for (const secret of [null, "wrong"]) {
    const { status } = await telegram.press(outside, card, "acknowledged", { secret });
    assert.ok(status === 401 || status === 403, `Telegram with the secret ${secret} is answered ${status}`);
  }
  // Rightly signed, but from a chat that is not the team's.
  await telegram.press(outside, card, "acknowledged", { chat: -42 });
  assert.deepEqual(await dispatches(), sent);

  // The same presses, rightly signed and from the right places, are taken.
  assert.equal((await whatsapp.press(outside, { number: MEDICS_NUMBER, to: message.id, payload })).status, 200);
  assert.equal((await telegram.press(outside, card, "acknowledged")).status, 200);
  await until("both teams have acknowledged", async () => {
    const all = await dispatches();
    return [fire, medics].every((team) => all.find((one) => one.team === team).progress === "acknowledged");
  });
});

scenarioOnBoth("wrong passwords, foreign pages and people without the right", async (world) => {
  const siaga = await openHouse(world);
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const caller = await Caller.dial(world, siaga.sip, {});
  await ayu.rings();
  await ayu.answer();
  await caller.hears(1000);
  await ayu.hangUp();
  await caller.ended();
  const { id, report } = await newestCall(supervisor);
  await sealed(supervisor, id);
  const before = await supervisor.ask("GET", `calls/${id}`);

  const stranger = siaga.api();
  for (const [username, password] of [["ayu", "wrong-password"], ["nobody", people.ayu.password], ["ayu", ""]]) {
    const { status, headers } = await stranger.post("session", { username, password });
    assert.equal(status, 401, `sign-in of ${username}`);
    assert.equal(headers["set-cookie"], undefined);
  }
  for (const path of ["session", "calls", `calls/${id}`, `calls/${id}/recording.wav`, "users", "audit", "teams", "cameras"]) {
    assert.equal((await stranger.get(path)).status, 401, `${path} without a session`);
  }

  // Ayu's own recording is hers; another operator's is not, nor is what only supervisors and managers may see.
  const [own, other] = [await siaga.as(people.ayu), await siaga.as(people.bagus)];
  assert.equal((await own.get(`calls/${id}/recording.wav`)).status, 200);
  assert.equal((await supervisor.get(`calls/${id}/recording.wav`)).status, 200);
  for (const path of [`calls/${id}/recording.wav`, "audit", "users"]) {
    const { status, json } = await other.get(path);
    assert.equal(status, 403, `${path} by another operator`);
    assert.equal(json.error.code, "forbidden");
    assert.ok(json.error.message.length > 10, "the refusal says what to do");
  }
  const fields = { ...(await supervisor.ask("GET", `reports/${report}`)).fields, place: "somewhere else" };
  assert.equal((await other.put(`reports/${report}`, { call: id, base: 0, revision: 1_000, fields })).status, 403);
  const newcomer = { username: "mallory", name: "M", role: "head", password: "a-long-password" };
  assert.equal((await other.post("users", newcomer)).status, 403);
  assert.equal((await supervisor.get("audit")).status, 403, "the audit is for managers");

  // A page of another site cannot act with somebody's session.
  const foreign = { headers: { origin: "https://evil.example" } };
  assert.equal((await own.post(`incidents`, { report }, foreign)).status, 403);
  assert.equal((await own.request("DELETE", "session", foreign)).status, 403);

  // Guessing goes slower and slower, and stays wrong.
  const guesses = await until("guessing is held up", async () => {
    const { status } = await stranger.post("session", { username: "dedi", password: "another-guess" });
    assert.ok(status === 401 || status === 429, `a guess is answered ${status}`);
    return status === 429 && status;
  }, { within: 30_000 });
  assert.equal(guesses, 429);

  const after = await supervisor.ask("GET", `calls/${id}`);
  assert.deepEqual({ ...after, timeline: undefined }, { ...before, timeline: undefined });
  const names = (await (await siaga.as(people.eka)).ask("GET", "users")).map(({ username }) => username);
  assert.deepEqual(names.toSorted(), Object.keys(people).toSorted());
});

async function noCalls(api) {
  assert.deepEqual(await api.ask("GET", "calls?limit=10"), []);
}

/** An incident that two teams know of: of a call that has ended. */
async function dispatched(world, siaga, supervisor) {
  const caller = await Caller.dial(world, siaga.sip, {});
  await caller.hearsSomething();
  const { id: call, report } = await newestCall(supervisor);
  await caller.hangUp();
  const fields = { place: "Pasar Jodoh", event: "Kebakaran" };
  await supervisor.ask("PUT", `reports/${report}`, { call, base: 0, revision: 1, fields });
  const { id: incident } = await supervisor.ask("POST", "incidents", { report });
  const [fire, medics] = [await teamNamed(supervisor, "Regu Jodoh"), await teamNamed(supervisor, "Ambulans Nagoya")];
  await supervisor.ask("POST", `incidents/${incident}/dispatches`, { teams: [fire, medics] });
  return { incident, fire, medics };
}
