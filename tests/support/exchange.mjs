// A carrier's exchange: what siaga calls goes through it to the telephone that has the number. A stateless proxy (RFC 3261 section
// 16.11): it changes nothing but Via, and whoever has answered is spoken with directly.
import { createHash } from "node:crypto";
import dgram from "node:dgram";
import { once } from "node:events";

export class Exchange {
  #socket;
  #address;
  #telephones = new Map();
  /** Calls that were made, in order: `{id, number, text, at}`. */
  called = [];

  static async open(world, { address = "127.0.0.2" } = {}) {
    const exchange = new Exchange();
    exchange.#address = address;
    exchange.#socket = dgram.createSocket("udp4");
    exchange.#socket.on("message", (message, from) => exchange.#pass(message.toString("latin1"), from));
    exchange.#socket.bind(0, address);
    await once(exchange.#socket, "listening");
    return world.keep(exchange);
  }

  get address() {
    return this.#address;
  }

  /** Where siaga sends its calls: host:port. */
  get sip() {
    return `${this.#address}:${this.#socket.address().port}`;
  }

  /** siaga's trunk to this exchange. */
  get trunk() {
    return { name: "carrier", peers: [`${this.#address}/32`], proxy: this.sip };
  }

  /** From now on `number` rings at this telephone (host:port). */
  connect(number, telephone) {
    this.#telephones.set(number, telephone);
  }

  #pass(text, from) {
    if (text.startsWith("SIP/2.0 ")) return this.#passBack(text);
    const [, method, user, host] = text.match(/^([A-Z]+) (?:sips?|tel):(?:([^@;> ]+)@)?([^;> ]+)/i) ?? [];
    if (!method) return undefined;
    if (method === "OPTIONS") return this.#reply(text, from, "200 OK");
    const inCall = /^To:[^\r]*;tag=/im.test(text);
    if (method === "INVITE" && !inCall) this.#count(text, user);
    // Within a call the address is that of the one it is for.
    const telephone = this.#telephones.get(user) ?? (inCall && host !== this.sip ? host : undefined);
    if (!telephone) return method === "ACK" ? undefined : this.#reply(text, from, "404 Not Found");
    const [via] = text.match(/^(?:Via|v) *:[^\r]*/im);
    const branch = createHash("sha256").update(via).digest("hex").slice(0, 24);
    const own = `Via: SIP/2.0/UDP ${this.sip};branch=z9hG4bK${branch}`;
    return this.#send(text.replace(via, `${own}\r\n${via}`), telephone);
  }

  /** A repeated INVITE is the same call. */
  #count(text, user) {
    const [, id] = text.match(/^(?:Call-ID|i) *: *([^\r]*)/im) ?? [];
    if (!this.called.some((one) => one.id === id)) this.called.push({ id, number: user, text, at: Date.now() });
  }

  #passBack(text) {
    // sipp writes all Via of an answer into one line.
    const rest = text.replace(/^((?:Via|v) *:)[^,\r]*(?:, *|\r\n)/im, (all, name) => (all.endsWith("\n") ? "" : `${name} `));
    const [, host, port] = rest.match(/^(?:Via|v) *: *SIP\/2\.0\/UDP +([^:; \r]+)(?::(\d+))?/im) ?? [];
    if (host) this.#send(rest, `${host}:${port ?? 5060}`);
  }

  #reply(request, from, status) {
    const headers = request.split("\r\n").filter((line) => /^(Via|v|From|f|To|t|Call-ID|i|CSeq) *:/i.test(line))
      .map((line) => (/^(To|t) *:/i.test(line) && !line.includes(";tag=") ? `${line};tag=exchange` : line));
    this.#send([`SIP/2.0 ${status}`, ...headers, "Content-Length: 0", "", ""].join("\r\n"), `${from.address}:${from.port}`);
  }

  #send(text, to) {
    const [host, port] = to.split(":");
    this.#socket.send(Buffer.from(text, "latin1"), Number(port), host);
  }

  async close() {
    this.#socket.close();
  }

  told() {
    return `the exchange was called for ${this.called.map(({ number }) => number).join(" ") || "nobody"}`;
  }
}
