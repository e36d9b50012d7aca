// Takes the console's pictures for the documentation, from a real call: `make screenshots` writes docs/pictures/*.png.
import { mkdir } from "node:fs/promises";
import { Caller } from "../support/caller.mjs";
import { Cameras } from "../support/camera.mjs";
import { importCity, people, teamNamed } from "../support/city.mjs";
import { newestCall, onShift, openHouse } from "../support/house.mjs";
import { Telegram } from "../support/telegram.mjs";
import { until } from "../support/wait.mjs";
import { inWorld } from "../support/world.mjs";

const PICTURES = new URL("../../docs/pictures/", import.meta.url).pathname;
const WORDS = {
  place: "Pasar Jodoh, kios nomor 20, sebelah toko emas",
  event: "Kebakaran kios, api sudah besar",
  name: "Siti Rahma",
  details: "Asap hitam. Dua orang masih di lantai atas.",
};

await mkdir(PICTURES, { recursive: true });
await inWorld("screenshots", screenshots);

async function screenshots(world) {
  const cameras = await Cameras.start(world, ["pasar-jodoh", "simpang-nagoya"]);
  const telegram = await Telegram.start(world);
  const siaga = await openHouse(world, {
    telegram: telegram.settings,
    before: (fresh) => importCity(fresh, {
      cameras: [
        { name: "Pasar Jodoh", url: cameras.url("pasar-jodoh"), north_m: 90 },
        { name: "Simpang Nagoya", url: cameras.url("simpang-nagoya"), north_m: 310 },
      ],
    }),
  });
  const supervisor = await siaga.as(people.citra);
  const ayu = await onShift(world, siaga, "ayu", { viewport: { width: 1366, height: 768 } });
  const take = (name) => ayu.page.screenshot({ path: `${PICTURES}${name}.png` });

  const caller = await Caller.dial(world, siaga.sip, { scenario: "located-call", name: "Siti Rahma" });
  await ayu.rings();
  await take("ringing");
  await ayu.answer();
  await ayu.fill(WORDS);
  await ayu.chooseType("Kebakaran");
  const { report } = await newestCall(supervisor);
  await until("the form is saved", async () => (await supervisor.ask("GET", `reports/${report}`)).fields.details === WORDS.details);
  const [camera] = await supervisor.ask("GET", "cameras/nearest?latitude=1.143&longitude=104.009");
  await ayu.at(`camera-${camera.id}`).first().waitFor();
  await ayu.plays("camera-video");
  await take("call");

  await ayu.send([await teamNamed(supervisor, "Regu Jodoh")]);
  const message = await telegram.dispatch();
  await telegram.press(siaga.api(), message, "acknowledged", { name: "Joko" });
  const { incident } = await supervisor.ask("GET", `reports/${report}`);
  const { incident: { dispatches: [dispatch] } } = await supervisor.ask("GET", `incidents/${incident}`);
  await ayu.seesProgress(dispatch.id, "acknowledged");
  await take("dispatched");
  await caller.hangUp();
}
