// A carrier's server as far as siaga keeps watch over it: it answers OPTIONS or is silent, registers an account that knows its password
// (RFC 7616), and has no line for any call.
import { createHash, randomBytes } from "node:crypto";
import dgram from "node:dgram";
import { once } from "node:events";

const REALM = "carrier.example";
const md5 = (text) => createHash("md5").update(text).digest("hex");

export class Carrier {
  #socket;
  #address;
  #nonces = new Set();
  /** Whether it answers at all. */
  isThere = true;
  /** Whether it registers who knows the password. */
  registers = true;
  /** For how many seconds. */
  expires = 60;
  /** What it was asked: `{method, code, at, text}`, each repetition as well. */
  asked = [];
  account = { username: "siaga112", password: "sandi-trunk-112" };

  static async open(world, { address }) {
    const carrier = new Carrier();
    carrier.#address = address;
    carrier.#socket = dgram.createSocket("udp4");
    carrier.#socket.on("message", (message, from) => carrier.#take(message.toString("latin1"), from));
    carrier.#socket.bind(0, address);
    await once(carrier.#socket, "listening");
    return world.keep(carrier);
  }

  /** Where it is: host:port. */
  get sip() {
    return `${this.#address}:${this.#socket.address().port}`;
  }

  /** The requests of a method that were answered with this code. */
  of(method, code) {
    return this.asked.filter((one) => one.method === method && one.code === code);
  }

  #take(text, from) {
    const [, method] = text.match(/^([A-Z]+) \S+ SIP\/2\.0/) ?? [];
    if (!method || method === "ACK") return;
    const [status, ...headers] = this.isThere ? this.#answer(method, text) : [];
    this.asked.push({ method, code: status && Number(status.slice(0, 3)), at: Date.now(), text });
    if (!status) return;
    const same = text.split("\r\n").filter((line) => /^(Via|From|To|Call-ID|CSeq) *:/i.test(line))
      .map((line) => (/^To *:/i.test(line) && !line.includes(";tag=") ? `${line};tag=carrier` : line));
    this.#socket.send([`SIP/2.0 ${status}`, ...same, ...headers, "Content-Length: 0", "", ""].join("\r\n"), from.port, from.address);
  }

  /** The status and further header fields. */
  #answer(method, text) {
    if (method === "INVITE") return ["503 Service Unavailable"];
    if (method !== "REGISTER") return ["200 OK"];
    if (!this.registers) return ["403 Forbidden"];
    if (!this.#knows(text)) {
      const nonce = randomBytes(8).toString("hex");
      this.#nonces.add(nonce);
      return ["401 Unauthorized", `WWW-Authenticate: Digest realm="${REALM}", nonce="${nonce}", qop="auth", algorithm=MD5`];
    }
    const [contact] = text.match(/^Contact *:.*$/im);
    const expires = /^Expires *: *0\b/im.test(text) ? 0 : this.expires;
    return ["200 OK", `${contact.trim()};expires=${expires}`];
  }

  #knows(text) {
    const credentials = text.match(/^Authorization *: *Digest (.*)$/im)?.[1];
    if (!credentials) return false;
    const told = Object.fromEntries([...credentials.matchAll(/(\w+)=(?:"([^"]*)"|([^,\s]*))/g)]
      .map(([, name, quoted, plain]) => [name, quoted ?? plain]));
    const { username, password } = this.account;
    const secret = md5(`${username}:${REALM}:${password}`);
    const wanted = md5([secret, told.nonce, told.nc, told.cnonce, told.qop, md5(`REGISTER:${told.uri}`)].join(":"));
    return this.#nonces.has(told.nonce) && told.username === username && told.response === wanted;
  }

  async close() {
    this.#socket.close();
  }

  told() {
    return `the carrier was asked ${this.asked.map(({ method, code }) => `${method}>${code ?? "-"}`).join(" ") || "nothing"}`;
  }
}
