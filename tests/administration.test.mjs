// What a manager sets up on the pages of the administration is what operators work with.
import assert from "node:assert/strict";
import { Caller } from "./support/caller.mjs";
import { people } from "./support/city.mjs";
import { onShift, openHouse } from "./support/house.mjs";
import { Operator } from "./support/operator.mjs";
import { until } from "./support/wait.mjs";
import { scenarioOnBoth } from "./support/world.mjs";

const RENAMED = "Kebakaran gedung bertingkat";

scenarioOnBoth("an incident type that a manager renames is what operators choose from", async (world) => {
  const siaga = await openHouse(world);
  const dedi = await Operator.open(world, siaga, { person: people.dedi });
  await dedi.signIn(people.dedi);
  await dedi.at("menu").waitFor();
  await dedi.page.goto("/admin/types");
  const api = await siaga.as(people.dedi);
  const [type] = await api.ask("GET", "types");
  await dedi.at(`change-${type.id}`).click();
  await dedi.at("admin-field-name").fill(RENAMED);
  await dedi.accessible("the form of an incident type");
  await dedi.at("admin-save").click();
  await dedi.at("admin-save").waitFor({ state: "hidden" });
  await dedi.page.getByRole("cell", { name: RENAMED }).waitFor();
  const { name, ...others } = (await api.ask("GET", "types")).find(({ id }) => id === type.id);
  assert.equal(name, RENAMED);
  assert.deepEqual({ ...others, name: type.name }, type, "nothing else of it changed");

  const ayu = await onShift(world, siaga, "ayu");
  const caller = await Caller.dial(world, siaga.sip, {});
  await ayu.rings();
  await ayu.answer();
  await ayu.chooseType(RENAMED);
  const supervisor = await siaga.as(people.citra);
  await until("the report has the type", async () => {
    const [{ report }] = await supervisor.ask("GET", "calls?limit=1");
    return (await supervisor.ask("GET", `reports/${report}`)).fields.incident_type === type.id;
  });
  await caller.hangUp();
});
