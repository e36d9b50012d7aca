// Cameras: GStreamer's RTSP server with live H.264.
import { Program } from "./program.mjs";

const PROGRAM = new URL("../peers/rtsp_camera.py", import.meta.url).pathname;

export class Cameras {
  #program;
  #port;

  static async start(world, names) {
    const cameras = new Cameras();
    cameras.#program = new Program("the cameras", "/usr/bin/python3", [PROGRAM, "--port", "0", ...names]);
    world.keep(cameras);
    const [, port] = await cameras.#program.line(/^ready (\d+)$/, { within: 20_000 });
    cameras.#port = port;
    return cameras;
  }

  url(name) {
    return `rtsp://127.0.0.1:${this.#port}/${name}`;
  }

  close() {
    return this.#program.close();
  }

  told() {
    return this.#program.told();
  }
}
