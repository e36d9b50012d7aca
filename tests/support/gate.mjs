// A gate on the way to a TCP service: shut, nothing gets through, as when a network is gone.
import { once } from "node:events";
import net from "node:net";

export class Gate {
  #server;
  #target;
  #port = 0;
  #open = new Set();

  /** An open gate before the service at `url`. */
  static async before(world, url) {
    const gate = new Gate();
    gate.#target = { host: url.hostname, port: Number(url.port) };
    await gate.open();
    return world.keep(gate);
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  async open() {
    this.#server = net.createServer((near) => {
      const far = net.connect(this.#target);
      for (const [one, other] of [[near, far], [far, near]]) {
        this.#open.add(one);
        one.pipe(other);
        one.on("error", () => other.destroy());
        one.on("close", () => {
          this.#open.delete(one);
          other.destroy();
        });
      }
    });
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = this.#server.address().port;
  }

  /** New connections are refused, and those that are open break. */
  async shut() {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  async close() {
    if (this.#server.listening) await this.shut();
  }
}
