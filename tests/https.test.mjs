// HTTPS with a certificate of siaga's own, as it is out of the box: a call works over it, and the certificate stays. Certificates of others are
// renewed without a restart.
import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import tls from "node:tls";
import { Caller } from "./support/caller.mjs";
import { makeCertificate } from "./support/certificate.mjs";
import { people } from "./support/city.mjs";
import { onShift, openHouse } from "./support/house.mjs";
import { tcpPort, udpPort } from "./support/ports.mjs";
import { until } from "./support/wait.mjs";
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

scenario("renewed certificates are for whoever connects next, at the console and at a trunk, and no call ends for it", async (world) => {
  const { file, key } = await makeCertificate(world, { address: "127.0.0.1" });
  const [sip, secure] = [`127.0.0.1:${await udpPort()}`, `127.0.0.1:${await tcpPort()}`];
  const siaga = await openHouse(world, {
    web: { tls: undefined, "tls.certificate": file, "tls.key": key },
    sip: { listen: [`udp://${sip}`, `tls://${secure}`], tls_certificate: file, tls_key: key, trunk: [{ name: "tests", peers: ["127.0.0.1/32"] }] },
  });
  const places = [siaga.url, `sips://${secure}`];
  const ayu = await onShift(world, siaga, "ayu");
  const caller = await Caller.dial(world, sip, {});
  await ayu.rings();
  await ayu.answer();
  await caller.hears(1000);

  const before = await Promise.all(places.map(fingerprint));
  assert.equal(new Set(before).size, 1);
  await makeCertificate(world, { address: "127.0.0.1" });
  const after = await until("both show the new certificate", async () => {
    const shown = await Promise.all(places.map(fingerprint));
    return shown.every((one) => one !== before[0]) && new Set(shown).size === 1 && shown;
  }, { within: 30_000 });
  const refused = () => Promise.all(["web", "sip"].map((what) => siaga.metric(`siaga_renewals_total{for="${what}",outcome="refused"}`)));
  const earlier = await refused();
  await writeFile(file, "-----BEGIN CERTIFICATE-----\n");
  await until("both say that they cannot use half a file", async () => (await refused()).every((count, nth) => count > earlier[nth]), { within: 30_000 });
  assert.deepEqual(await Promise.all(places.map(fingerprint)), after);
  await caller.hears(1000, { since: Date.now() });
  await caller.hangUp();
});

async function fingerprint(url) {
  const { hostname, port } = new URL(url);
  const socket = tls.connect({ host: hostname, port: Number(port), rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}
