// The program under test: its settings, its start, its sudden end and its return.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Api } from "./api.mjs";
import { tcpPort, udpPort, udpRange } from "./ports.mjs";
import { Postgres } from "./postgres.mjs";
import { Program, run } from "./program.mjs";
import { toml } from "./toml.mjs";
import { until } from "./wait.mjs";

/** The binary under test; `TESTED_BINARY` names another than the one that `cargo build` makes. */
export const BINARY = resolve(process.env.TESTED_BINARY ?? new URL("../../target/debug/siaga", import.meta.url).pathname);
const HOST = "127.0.0.1";

export class Siaga {
  #program;
  #past = [];
  #config;

  /** Host and port of the SIP listener. */
  sip;
  /** Base address of the console and the API. */
  url;
  webrtcPort;
  directory;

  /** Writes settings for a fresh siaga, `overrides` by section, and starts nothing. */
  static async prepare(world, { database, ...overrides } = {}) {
    const siaga = new Siaga();
    siaga.directory = join(world.directory, "siaga");
    await mkdir(join(siaga.directory, "recordings"), { recursive: true });
    const [web, sip, webrtc, rtp] = await Promise.all([tcpPort(), udpPort(), udpPort(), udpRange(40)]);
    siaga.sip = `${HOST}:${sip}`;
    siaga.webrtcPort = webrtc;
    const defaults = {
      web: { listen: `${HOST}:${web}`, tls: "off", state_directory: siaga.directory },
      sip: {
        listen: [`udp://${siaga.sip}`, `tcp://${siaga.sip}`],
        trunk: [{ name: "tests", peers: [`${HOST}/32`] }],
      },
      media: { address: HOST, rtp_ports: `${rtp.first}-${rtp.last}`, webrtc_port: webrtc },
      database: { url: database ?? await databaseOf(world, siaga.directory) },
      recordings: { directory: join(siaga.directory, "recordings") },
      // A browser of a busy machine takes its time to answer.
      queue: { ring_seconds: 60 },
    };
    siaga.settings = Object.fromEntries(
      [...new Set([...Object.keys(defaults), ...Object.keys(overrides)])]
        .map((section) => [section, { ...defaults[section], ...overrides[section] }]));
    siaga.url = `${siaga.settings.web.tls === "off" ? "http" : "https"}://${HOST}:${web}`;
    siaga.#config = join(siaga.directory, "siaga.toml");
    await writeFile(siaga.#config, toml(siaga.settings));
    return world.keep(siaga);
  }

  /** Prepared and ready to take calls. */
  static async start(world, overrides) {
    const siaga = await Siaga.prepare(world, overrides);
    await siaga.start();
    return siaga;
  }

  /** Begins to serve, and waits until calls can be taken. */
  async start() {
    this.serve();
    await this.ready();
  }

  /** Begins to serve, without waiting. */
  serve() {
    this.#program = new Program("siaga", BINARY, ["serve", "--config", this.#config], {
      env: { RUST_BACKTRACE: "1" },
    });
    return this.#program;
  }

  async ready() {
    const api = this.api();
    await until("siaga is ready", async () => {
      if (!this.#program.running) throw new Error(`siaga has ended:\n${this.#program.tail()}`);
      return (await api.get("/readyz")).status === 200;
    }, { within: 30_000 });
  }

  /** A client that is signed in to nothing yet. */
  api() {
    return new Api(this.url);
  }

  /** A client of a person. */
  async as({ username, password }) {
    const api = this.api();
    await api.signIn(username, password);
    return api;
  }

  /** Runs another command of the binary with the same settings. */
  async command(args, { input = "", expect = 0 } = {}) {
    return run(`siaga ${args.join(" ")}`, BINARY, [...args, "--config", this.#config], { input, expect });
  }

  /** Changes the SQLite database behind siaga's back, while it is stopped. Python, which the cameras need anyway, has SQLite. */
  async sql(statement) {
    const program = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit(); c.close()";
    await run("python3", "/usr/bin/python3", ["-c", program, join(this.directory, "siaga.db"), statement]);
  }

  /** As a power cut would: nothing is said goodbye to. */
  async kill() {
    this.#past.push(...this.#program.lines);
    this.#program.signal("SIGKILL");
    await this.#program.end();
  }

  async stop() {
    this.#past.push(...this.#program.lines);
    this.#program.signal("SIGTERM");
    return this.#program.end({ within: 30_000 });
  }

  get lines() {
    return [...this.#past, ...(this.#program?.lines ?? [])];
  }

  /** The value of a counter or gauge in /metrics, all its labels added up; 0 if it never moved. */
  async metric(name) {
    const { text } = await this.api().get("/metrics");
    return text
      .split("\n")
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
  }

  /** The memory that it has in use, in bytes. */
  async memory() {
    const [, kilobytes] = (await readFile(`/proc/${this.#program.pid}/status`, "utf8")).match(/^VmRSS:\s+(\d+) kB/m);
    return Number(kilobytes) * 1024;
  }

  async close() {
    await this.#program?.close();
    const panic = this.lines.find((line) => line.includes("panicked at"));
    if (panic) throw new Error(`siaga panicked: ${panic}`);
  }

  told() {
    return `siaga said:\n${this.lines.slice(-80).join("\n")}`;
  }
}

async function databaseOf(world, directory) {
  if (world.database === "PostgreSQL") return (await Postgres.start(world)).url;
  return `sqlite://${join(directory, "siaga.db")}`;
}
