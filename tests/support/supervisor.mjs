// A supervisor who looks on from a desk without a headset, and hears what the console sounds.
import { people } from "./city.mjs";
import { Operator } from "./operator.mjs";
import { noteSounds } from "./sounder.mjs";

/** Citra at the console, without a shift. */
export async function watching(world, siaga) {
  const citra = await Operator.open(world, siaga, { person: people.citra, scripts: [noteSounds] });
  await citra.signIn(people.citra);
  await citra.at("watch").click();
  return citra;
}

/** Citra at the supervisors' page. */
export async function watchingTheWall(world, siaga) {
  const citra = await watching(world, siaga);
  await citra.at("menu").click();
  await citra.at("page-supervise").click();
  await citra.at("trunks").waitFor();
  return citra;
}
