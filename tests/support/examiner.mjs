// sipp as an examiner: it says what a carrier would, and its scenario judges by sipp's own checks what comes back. Nobody listens to the voice.
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { udpPort, udpRange } from "./ports.mjs";
import { Program } from "./program.mjs";
import { filledIn, withMore } from "./sipp.mjs";
import { until } from "./wait.mjs";

const SCENARIOS = new URL("../peers/sipp/", import.meta.url).pathname;
const MESSAGES_TOLD = 12_000;

export class Examiner {
  #program;
  #what;
  #directory;
  /** Where it is: host:port. */
  sip;

  /**
   * Starts a scenario of peers/sipp. With a `target` (host:port) it asks, without one it waits to be asked, so many times (`calls`). `fill` is what
   * the scenario leaves open in braces, `keys` are sipp's own; its first request carries `headers`, `sdp` and `parts` beside (see `withMore`).
   * One that is to see repetitions neither repeats anything itself nor passes over what is repeated. It gives up `within` seconds.
   */
  static async start(world, scenario, options = {}) {
    const {
      what = scenario, target, address = "127.0.0.1", transport = "udp", calls = 1, within = 30, fill = {}, keys = {}, headers, sdp, parts,
      seesRepetitions = false,
    } = options;
    const examiner = new Examiner();
    const port = await udpPort();
    const { first: rtp } = await udpRange(8);
    examiner.#what = what;
    examiner.sip = `${address}:${port}`;
    examiner.#directory = join(world.directory, `examiner-${port}`);
    await mkdir(examiner.#directory);
    const script = filledIn(await readFile(join(SCENARIOS, `${scenario}.xml`), "utf8"), fill);
    await writeFile(join(examiner.#directory, "scenario.xml"), withMore(script, { headers, sdp, parts }));
    examiner.#program = new Program(`sipp for ${what}`, "sipp", [
      ...(target ? [target] : []), "-sf", "scenario.xml", "-m", String(calls), "-nostdin", ...(seesRepetitions ? ["-nr"] : []),
      "-t", transport === "tcp" ? "t1" : "u1", "-i", address, "-bind_local", "-p", String(port), "-mi", address, "-mp", String(rtp),
      "-timeout", `${within}s`, "-timeout_error", "-trace_err", "-error_file", "errors.log", "-trace_msg", "-message_file", "messages.log",
      ...Object.entries(keys).flatMap(([key, value]) => ["-key", key, String(value)]),
    ], { cwd: examiner.#directory });
    return world.keep(examiner);
  }

  /** Waits until the scenario has made this mark, a file of its working directory. */
  async marks(mark, options) {
    return until(`${this.#what} marks ${mark}`, () => {
      if (existsSync(join(this.#directory, mark))) return true;
      if (!this.#program.running) throw new Error("sipp has ended");
      return false;
    }, options);
  }

  /** Waits until everything went as the scenario says. */
  async agrees({ within = 100_000 } = {}) {
    const { code, signal } = await this.#program.end({ within });
    if (code !== 0) throw new Error(`${this.#what}: sipp does not agree (${code ?? signal})\n${await this.told()}`);
  }

  close() {
    return this.#program.close();
  }

  async told() {
    const logs = await Promise.all(["errors.log", "messages.log"].map((name) => readFile(join(this.#directory, name), "utf8").catch(() => "")));
    return `${this.#what}: sipp said\n${logs.map((log) => log.slice(-MESSAGES_TOLD)).join("\n")}`;
  }
}
