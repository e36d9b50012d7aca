// A caller whose network loses every tenth packet: the operator hears the caller all the same, and the timeline says how well.
import assert from "node:assert/strict";
import { Caller } from "./support/caller.mjs";
import { people } from "./support/city.mjs";
import { callWhen, newestCall, onShift, openHouse } from "./support/house.mjs";
import { LossyVoice } from "./support/lossy-voice.mjs";
import { scenario } from "./support/world.mjs";

const HZ = { caller: 620, ayu: 1000 };
/** Eight seconds: more than one of the stretches by which quality is judged. */
const PACKETS = 400;

scenario("of a caller whose network loses every tenth packet the timeline says so", async (world) => {
  const siaga = await openHouse(world);
  const api = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu");
  const voice = await LossyVoice.open(world, { hz: HZ.caller, losesEvery: 10 });
  const caller = await Caller.dial(world, siaga.sip, { voice: null });
  await ayu.rings();
  await ayu.answer();
  await voice.speaks(caller);
  await ayu.hears(HZ.caller);
  await voice.goesOn(PACKETS);
  const { id } = await newestCall(api);
  await caller.hangUp();

  const qualityOf = ({ timeline }, side) => timeline.find(({ kind, data }) => kind === "call.quality" && data.side === side)?.data;
  const detail = await callWhen(api, id, "tells how both sides were heard", (all) => qualityOf(all, "caller") && qualityOf(all, "operator"));
  const { packets, loss_percent: loss, jitter_ms: jitter, mos } = qualityOf(detail, "caller");
  assert.ok(packets > PACKETS * 0.8 && packets <= voice.spoken - voice.lost, `${packets} of ${voice.spoken} were received`);
  assert.ok(loss > 8 && loss < 12, `${loss} % were lost`);
  assert.ok(mos > 1 && mos < 3.9, `the caller was heard with a MOS of ${mos} (jitter ${jitter} ms)`);
  const operator = qualityOf(detail, "operator");
  assert.ok(operator.loss_percent < 5, `what the caller's network lost is not the operator's loss: ${operator.loss_percent} %`);
});
