// `siaga demo`, as a person who tries it out starts it: what it prints is all that is known of it.
import { join } from "node:path";
import { Api } from "./api.mjs";
import { Program } from "./program.mjs";
import { BINARY } from "./siaga.mjs";

const ROOT = new URL("../../", import.meta.url).pathname;
const CAMERA_PROGRAM = "tests/peers/rtsp_camera.py";
/** The demo's slowest part is the start of its cameras. */
const PATIENCE = { within: 60_000 };

export class Demo {
  #program;
  /** Base address of the console. */
  url;
  /** The page of the caller and the field team. */
  scene;

  static async start(world) {
    const demo = new Demo();
    const directory = join(world.directory, "demo");
    demo.#program = new Program("siaga demo", BINARY, [
      "demo", "--port", "0", "--scene-port", "0", "--directory", directory, "--camera-program", CAMERA_PROGRAM,
    ], { cwd: ROOT, env: { RUST_BACKTRACE: "1" } });
    world.keep(demo);
    [, demo.url] = await demo.#program.line(/Console: +(http:\S+)/, PATIENCE);
    [, demo.scene] = await demo.#program.line(/Caller and field team: +(http:\S+)/, PATIENCE);
    await demo.#program.line(/Ctrl\+C/, PATIENCE);
    return demo;
  }

  /** The sign-in that was printed for this name. */
  async person(username) {
    const [, password] = await this.#program.line(new RegExp(`^ +${username} +(\\S+) +\\(`), PATIENCE);
    return { username, password };
  }

  /** A client of a person. */
  async as(username) {
    const api = new Api(this.url);
    const person = await this.person(username);
    await api.signIn(person.username, person.password);
    return api;
  }

  async close() {
    await this.#program.close();
    const panic = this.#program.lines.find((line) => line.includes("panicked at"));
    if (panic) throw new Error(`the demo panicked: ${panic}`);
  }

  told() {
    return this.#program.told();
  }
}
