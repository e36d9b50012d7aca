// A caller says nothing. The operator has the question played; the caller answers it with a key.
import assert from "node:assert/strict";
import { Baresip } from "./support/baresip.mjs";
import { Caller } from "./support/caller.mjs";
import { people } from "./support/city.mjs";
import { announcements, newestCall, onShift, openHouse, sealed, steps } from "./support/house.mjs";
import { keyTone, readWav, toneSeconds, toneStretches } from "./support/sound.mjs";
import { until } from "./support/wait.mjs";
import { scenario } from "./support/world.mjs";

const EDGE_S = 0.2;
const HZ = { caller: 620, operator: 1000, question: 540 };

scenario("press 1 if you cannot speak", async (world) => {
  const siaga = await openHouse(world, { queue: { announcements: await announcements(world, { silent: HZ.question }) } });
  const supervisor = await siaga.as(people.citra);
  const live = await (await siaga.as(people.ayu)).live(world);
  const ayu = await onShift(world, siaga, "ayu");
  const caller = await Baresip.start(world, { voice: HZ.caller });
  caller.dial(`sip:112@${siaga.sip}`);
  await ayu.rings();
  await ayu.answer();
  await caller.hears(HZ.operator);
  const { id } = await newestCall(supervisor);
  assert.equal(await ayu.at("caller-digits").count(), 0);

  // The caller hears the question once, and then the operator again.
  await Promise.all([caller.hears(HZ.question), ayu.at("silent-prompt").click()]);
  await ayu.page.locator('[data-silent="asked"]').waitFor();
  await caller.hears(HZ.operator);

  // The key stands large on the operator's screen, with what it means.
  caller.press("1");
  const digit = await live.next("digit", (one) => one.call === id);
  assert.equal(digit.digit, "1");
  await until("the operator sees the key", async () => (await ayu.at("caller-digits").innerText({ timeout: 1_000 })).trim() === "1");
  await ayu.page.locator('[data-silent="cannot_speak"]').waitFor();
  await caller.hears(HZ.operator);
  await ayu.hears(HZ.caller);
  caller.hangUp();

  const detail = await sealed(supervisor, id);
  assert.deepEqual(steps(detail),
    ["call.arrived", "call.offered", "call.answered", "call.silent_prompt", "call.digit", "call.ended"]);
  const [prompt, key] = ["call.silent_prompt", "call.digit"].map((wanted) => detail.timeline.find(({ kind }) => kind === wanted));
  assert.deepEqual([prompt.actor.name, key.actor.who, key.data.digit], [people.ayu.name, "caller", "1"]);
  const { bytes } = await supervisor.get(`calls/${id}/recording.wav`);
  const { channels: [, right], rate } = readWav(bytes);
  const questions = toneStretches(right, rate, HZ.question, { bridging: 1 });
  assert.equal(questions.length, 1, "it was asked once");
  // The question is heard alone. Its edges fall into the middle of a piece of measurement.
  const [{ from, to }] = questions;
  const during = right.subarray((from + EDGE_S) * rate, (to - EDGE_S) * rate);
  assert.equal(toneStretches(during, rate, HZ.operator).length, 0, "the operator is not heard during the question");
  const [before, after] = [right.subarray(0, from * rate), right.subarray(to * rate)];
  for (const [when, said] of Object.entries({ before, after })) {
    assert.ok(toneSeconds(said, rate, HZ.operator) > 0, `what the operator said ${when} the question is recorded`);
  }
});

scenario("a key that comes as tones in the voice, for the network knows no other way, is the same answer", async (world) => {
  const siaga = await openHouse(world);
  const supervisor = await siaga.as(people.citra);
  const live = await (await siaga.as(people.ayu)).live(world);
  const ayu = await onShift(world, siaga, "ayu");
  const caller = await Caller.dial(world, siaga.sip, { voice: keyTone("1"), events: false });
  await ayu.rings();
  await ayu.answer();
  const { id } = await newestCall(supervisor);
  const pressed = await live.next("digit", (one) => one.call === id);
  assert.equal(pressed.digit, "1");
  await ayu.at("silent-prompt").click();
  await ayu.page.locator('[data-silent="cannot_speak"]').waitFor();
  await until("a press a second is one key each", async () => /^1( 1){2,}$/.test((await ayu.at("caller-digits").innerText({ timeout: 1_000 })).trim()));
  await caller.hangUp();

  const { timeline, call } = await sealed(supervisor, id);
  const keys = timeline.filter(({ kind }) => kind === "call.digit");
  assert.ok(keys.every(({ data: { digit } }) => digit === "1"), JSON.stringify(keys));
  const answeredFor = (Date.parse(call.ended_at) - Date.parse(call.answered_at)) / 1_000;
  assert.ok(keys.length <= answeredFor + 2, `${keys.length} keys in ${answeredFor} s: one press is one key`);
});
