// HTTPS with a certificate of siaga's own, as it is out of the box: a call works over it, and the certificate stays.
import assert from "node:assert/strict";
import { once } from "node:events";
import tls from "node:tls";
import { Caller } from "./support/caller.mjs";
import { people } from "./support/city.mjs";
import { onShift, openHouse } from "./support/house.mjs";
import { scenario } from "./support/world.mjs";

scenario("a call over HTTPS with the self-signed certificate", async (world) => {
  const siaga = await openHouse(world, { web: { tls: "self-signed" } });
  const ayu = await onShift(world, siaga, "ayu");
  assert.match(ayu.page.url(), /^https:/);
  const { headers } = await siaga.api().post("session", { username: people.citra.username, password: people.citra.password });
  const [cookie] = headers["set-cookie"];
  for (const attribute of [/; *Secure/i, /; *HttpOnly/i, /; *SameSite=Strict/i]) assert.match(cookie, attribute);

  const caller = await Caller.dial(world, siaga.sip, {});
  await ayu.rings();
  await ayu.answer();
  await caller.hears(1000);
  await ayu.hears(620);
  await caller.hangUp();

  const first = await fingerprint(siaga.url);
  await siaga.stop();
  await siaga.start();
  assert.equal(await fingerprint(siaga.url), first, "the certificate outlives a restart");
});

async function fingerprint(url) {
  const { hostname, port } = new URL(url);
  const socket = tls.connect({ host: hostname, port: Number(port), rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}
