// A plain UDP socket that speaks SIP by hand, for what no real telephone would say.
import dgram from "node:dgram";
import { once } from "node:events";
import { until } from "./wait.mjs";

export class Line {
  #socket;
  #target;
  /** Its own host:port. */
  address;
  /** Every datagram that came, as text. */
  heard = [];

  static async open(world, target, { address = "127.0.0.1" } = {}) {
    const line = new Line();
    line.#socket = dgram.createSocket("udp4").bind(0, address);
    await once(line.#socket, "listening");
    line.address = `${address}:${line.#socket.address().port}`;
    line.#target = target.split(":");
    line.#socket.on("message", (bytes) => line.heard.push(bytes.toString("latin1")));
    return world.keep(line);
  }

  /** A request of this method with what every request has, and `more` header lines. */
  async asks(method, uri, { id = `${method}-${this.heard.length}-${performance.now()}`, more = [] } = {}) {
    await this.send([
      `${method} ${uri} SIP/2.0`, `Via: SIP/2.0/UDP ${this.address};branch=z9hG4bK-${id};rport`, "Max-Forwards: 70",
      `From: <sip:somebody@${this.address}>;tag=${id}`, `To: <${uri}>`, `Call-ID: ${id}`, `CSeq: 1 ${method}`,
      `Contact: <sip:somebody@${this.address}>`, ...more, "Content-Length: 0", "", "",
    ].join("\r\n"));
  }

  /** Sends an INVITE with these header fields, and answers the final code. */
  async invite(headers) {
    const before = this.heard.length;
    const lines = Object.entries(headers).filter(([, value]) => value !== undefined).map(([name, value]) => `${name}: ${value}`);
    await this.send(["INVITE sip:112@127.0.0.1 SIP/2.0", ...lines, "", ""].join("\r\n"));
    return until(`an INVITE with ${lines} is answered`, () => this.codes.slice(before).find((code) => code >= 200), { within: 5_000 });
  }

  async send(text) {
    const [host, port] = this.#target;
    await new Promise((resolve, reject) =>
      this.#socket.send(Buffer.from(text, "latin1"), Number(port), host, (error) => (error ? reject(error) : resolve())));
  }

  /** The codes of the answers. */
  get codes() {
    return this.heard.map((text) => Number(text.match(/^SIP\/2\.0 (\d{3})/)?.[1]));
  }

  close() {
    this.#socket.close();
  }

  told() {
    return `${this.address} heard ${this.codes.join(" ") || "nothing"}`;
  }
}
