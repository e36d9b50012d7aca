// The first minutes of an administrator: a wrong setting, an empty database, the one-time link.
import assert from "node:assert/strict";
import { Operator } from "./support/operator.mjs";
import { Siaga } from "./support/siaga.mjs";
import { scenario } from "./support/world.mjs";

const HEAD = { username: "kepala", name: "Kepala Pengawas", password: "sandi-pertama-112" };
const LINK = /(https?:\/\/\S+\/setup#token=(\S+))/;

scenario("an empty database prints a one-time link that makes the first administrator", async (world) => {
  const siaga = await Siaga.prepare(world);
  const [, link, token] = await siaga.serve().line(LINK, { within: 20_000 });
  await siaga.ready();

  const wrong = await siaga.api().post("setup", { token: "guessed", ...HEAD });
  assert.ok(wrong.status >= 400 && wrong.status < 500, `a guessed token is answered ${wrong.status}`);
  const kepala = await Operator.open(world, siaga, { person: HEAD });
  await kepala.page.goto(link);
  await kepala.at("setup-name").fill(HEAD.name);
  await kepala.at("username").fill(HEAD.username);
  await kepala.at("password").fill(HEAD.password);
  await kepala.at("password-again").fill(HEAD.password);
  await kepala.accessible("the first page");
  await kepala.at("setup").click();
  await kepala.at("setup").waitFor({ state: "hidden" });

  const again = await siaga.api().post("setup", { token, username: "second", name: "S", password: "another-password" });
  assert.ok(again.status >= 400 && again.status < 500, `the link used again is answered ${again.status}`);
  const api = await siaga.as(HEAD);
  assert.deepEqual((await api.ask("GET", "users")).map(({ username, role }) => [username, role]), [[HEAD.username, "head"]]);

  // Twelve incident types are there to begin with, and can be changed.
  const types = await api.ask("GET", "types");
  assert.equal(types.length, 12);
  const { id, ...type } = types[0];
  assert.equal((await api.put(`types/${id}`, { ...type, name: "Kebakaran besar" })).status, 200);

  await siaga.stop();
  const program = siaga.serve();
  await siaga.ready();
  assert.ok(!program.lines.some((line) => LINK.test(line)), "a house with people prints no link");
  assert.equal((await (await siaga.as(HEAD)).ask("GET", "types")).find((one) => one.id === id).name, "Kebakaran besar");
});

const MISTAKES = [
  { what: "an unknown key", settings: { web: { lisen: "x" } }, key: "web.lisen" },
  { what: "a port that is none", settings: { web: { listen: "127.0.0.1:port" } }, key: "web.listen" },
  { what: "no address for media", settings: { media: { address: undefined } }, key: "media.address" },
  { what: "a database of another kind", settings: { database: { url: "mysql://x" } }, key: "database.url" },
  { what: "a trunk without addresses", settings: { sip: { trunk: [{ name: "a", peers: [] }] } }, key: "sip.trunk.peers" },
];

scenario("a wrong setting is one line that names the key and the remedy", async (world) => {
  for (const { what, settings, key } of MISTAKES) {
    const { database, ...others } = settings;
    const siaga = await Siaga.prepare(world, { ...others, database: database?.url });
    for (const command of ["check", "serve"]) {
      const said = (await siaga.command([command], { expect: 1 })).split("\n").filter(Boolean);
      assert.equal(said.length, 1, `${what}: ${said.join("\n")}`);
      assert.ok(said[0].includes(key), `${what}: ${said[0]}`);
      assert.match(said[0], /; \S+/, `${what}: a remedy follows: ${said[0]}`);
    }
  }
});

scenario("settings come from the environment too, and the environment wins", async (world) => {
  const siaga = await Siaga.prepare(world);
  process.env.SIAGA_WEB__LISTEN = "nowhere";
  try {
    assert.match(await siaga.command(["check"], { expect: 1 }), /web\.listen/);
  } finally {
    delete process.env.SIAGA_WEB__LISTEN;
  }
  await siaga.command(["check"]);
});
