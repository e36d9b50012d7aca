// A telephone that siaga calls, such as the fallback number: sipp that picks up and speaks a tone.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { udpPort, udpRange } from "./ports.mjs";
import { Program } from "./program.mjs";
import { toAlaw, tone } from "./sound.mjs";

const SCENARIO = new URL("../peers/sipp/callee.xml", import.meta.url).pathname;

export class Callee {
  #program;
  /** Where it is called: host:port. */
  sip;

  static async wait(world, { address, voice }) {
    const callee = new Callee();
    const port = await udpPort();
    const { first: rtp } = await udpRange(8);
    const directory = join(world.directory, "callee");
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, "voice.al"), Buffer.from(tone(voice).map(toAlaw)));
    callee.sip = `${address}:${port}`;
    callee.#program = new Program("the callee", "sipp", [
      "-sf", SCENARIO, "-m", "1", "-nostdin", "-i", address, "-bind_local", "-p", String(port), "-mi", address, "-mp", String(rtp),
      "-timeout", "180s", "-timeout_error", "-trace_err", "-error_file", "errors.log",
    ], { cwd: directory });
    return world.keep(callee);
  }

  /** Waits until it has been hung up on. */
  async ended(options) {
    const { code, signal } = await this.#program.end(options);
    if (code !== 0) throw new Error(`the callee's call went wrong (${code ?? signal})`);
  }

  close() {
    return this.#program.close();
  }

  told() {
    return this.#program.told();
  }
}
