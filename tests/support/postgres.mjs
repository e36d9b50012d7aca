// A PostgreSQL of the test's own, from Debian's packages, on a private port.
import { chown, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tcpPort } from "./ports.mjs";
import { Program, run } from "./program.mjs";

const VERSIONS = "/usr/lib/postgresql";

export class Postgres {
  #program;
  #directory;
  url;

  static async start(world) {
    const postgres = new Postgres();
    const bin = await newestBin();
    const port = await tcpPort();
    postgres.#directory = await mkdtemp(join(tmpdir(), "siaga-postgres-"));
    // PostgreSQL refuses to run as root; Debian's package brings a user for it.
    let owner = [];
    if (process.getuid() === 0) {
      const id = async (flag) => Number(await run("id", "id", [flag, "postgres"]));
      await chown(postgres.#directory, await id("-u"), await id("-g"));
      owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"];
    }
    const as = (program, ...args) => [...owner, join(bin, program), ...args];
    const options = { cwd: postgres.#directory, env: { LC_ALL: "C.UTF-8" } };
    const data = join(postgres.#directory, "data");

    const [initdb, ...initdbArgs] = as("initdb", "-D", data, "-U", "siaga", "--auth=trust", "--encoding=UTF8", "--no-sync");
    await run("initdb", initdb, initdbArgs, options);
    const [server, ...serverArgs] = as("postgres", "-D", data, "-p", String(port), "-h", "127.0.0.1",
      "-c", `unix_socket_directories=${postgres.#directory}`, "-c", "fsync=off");
    postgres.#program = new Program("PostgreSQL", server, serverArgs, options);
    world.keep(postgres);
    await postgres.#program.line(/database system is ready to accept connections/, { within: 30_000 });
    const [createdb, ...createdbArgs] = as("createdb", "-h", "127.0.0.1", "-p", String(port), "-U", "siaga", "siaga");
    await run("createdb", createdb, createdbArgs, options);
    postgres.url = `postgres://siaga@127.0.0.1:${port}/siaga`;
    return postgres;
  }

  async close() {
    // A fast shutdown: it does not wait for connections to end.
    this.#program.signal("SIGINT");
    await this.#program.end();
    await rm(this.#directory, { recursive: true, force: true });
  }

  told() {
    return this.#program.told();
  }
}

async function newestBin() {
  const versions = (await readdir(VERSIONS).catch(() => [])).map(Number).filter(Boolean);
  if (versions.length === 0) throw new Error(`no PostgreSQL in ${VERSIONS}; run tools/install.sh test`);
  return join(VERSIONS, String(Math.max(...versions)), "bin");
}
