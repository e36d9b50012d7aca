// A telephone that sipp plays: what it and siaga say to each other, and what it hears, as it passes on the wire. `Caller` and `Callee`
// are telephones.
import dgram from "node:dgram";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import net from "node:net";
import { join } from "node:path";
import { Ear } from "./ear.mjs";
import { Heard } from "./heard.mjs";
import { udpPort, udpRange } from "./ports.mjs";
import { Program } from "./program.mjs";
import { withAnswer, withEvents, withMore, withoutEvents, withoutVoice } from "./sipp.mjs";
import { fromAlaw, toAlaw, tone } from "./sound.mjs";
import { until } from "./wait.mjs";

const SCENARIOS = new URL("../peers/sipp/", import.meta.url).pathname;
const RATE = 8000;
const PCMA = 8;
const TELEPHONE_EVENT = 101;
const KEYS = "0123456789*#ABCD";

export class Telephone {
  /** Answers to an INVITE: `{code, at, text}`, `at` in epoch ms. */
  answers = [];
  /** Every answer that came, to whatever was asked: `{code, at, text}`. */
  replies = [];
  /** Requests in either direction: `{method, at, sent, text}`, `sent` if by this telephone. */
  requests = [];
  heard;
  /** The keys that came as events (RFC 4733), in order. */
  keys = "";
  program;
  port;
  address;
  name;
  #ear;
  #signs = 0;
  /** The RTP timestamp of the newest of the keys. */
  #pressedAt;

  /** Starts sipp with a scenario of peers/sipp and `more` in its call, or `answer` in its answer, and listens. `voice` in Hz, or a second of samples, or `null` if nothing of it arrives; `parameters` are sipp's own. */
  async begin(world, { name, scenario, more, answer = [], address, voice, events = true, takesKeys = false, remote = [], parameters = [], calls = 1, directory }) {
    this.name = name;
    this.address = address;
    this.heard = new Heard(name);
    this.port = await udpPort();
    const { first: rtp } = await udpRange(8);
    const own = join(world.directory, directory);
    await mkdir(own, { recursive: true });
    if (voice !== null) await writeFile(join(own, "voice.al"), Buffer.from((typeof voice === "number" ? tone(voice, { rate: RATE, seconds: 1 }) : voice).map(toAlaw)));
    const script = await readFile(join(SCENARIOS, `${scenario}.xml`), "utf8");
    const spoken = voice === null ? withoutVoice(script) : script;
    const described = events ? spoken : withoutEvents(spoken);
    await writeFile(join(own, "scenario.xml"), withAnswer(withMore(takesKeys ? withEvents(described) : described, more), answer));

    this.#ear = await Ear.on(`udp and (port ${this.port} or dst port ${rtp})`, (packet) => this.#hear(packet, rtp));
    this.program = new Program(name, "sipp", [
      ...remote, "-sf", "scenario.xml", "-m", String(calls), "-nostdin",
      "-i", address, "-bind_local", "-p", String(this.port), "-mi", address, "-mp", String(rtp),
      "-timeout", "180s", "-timeout_error", ...parameters,
      "-trace_err", "-error_file", "errors.log", "-trace_screen", "-screen_file", "screen.log",
    ], { cwd: own });
    return world.keep(this);
  }

  /** The id of the call, known to who makes it and found out by who is called. */
  get callId() {
    return undefined;
  }

  #hear({ at, from, to, payload }, rtp) {
    if (to.port === rtp) {
      if (payload.length > 12 && (payload[1] & 127) === PCMA) this.heard.add(at, decoded(payload));
      if (payload.length > 12 && (payload[1] & 127) === TELEPHONE_EVENT) this.#press(payload);
      return;
    }
    const text = payload.toString("latin1");
    const sent = from.port === this.port;
    const [, method] = text.match(/^([A-Z]+) \S+ SIP\/2\.0/) ?? [];
    // The tests' own sign is nothing that the two say to each other.
    if (method === "NOTIFY") return;
    if (this.callId && !text.includes(this.callId)) return;
    const answer = text.match(/^SIP\/2\.0 (\d{3})[\s\S]*?\r\nCSeq: *\d+ +(\w+)/i);
    if (answer && !sent) this.replies.push({ code: Number(answer[1]), at, text });
    if (answer && answer[2] === "INVITE") this.answers.push({ code: Number(answer[1]), at, text });
    if (method) this.requests.push({ method, at, sent, text });
  }

  /** The packets of one press share a timestamp. */
  #press(packet) {
    const timestamp = packet.readUInt32BE(4);
    if (timestamp === this.#pressedAt) return;
    this.#pressedAt = timestamp;
    this.keys += KEYS[packet[12]] ?? "?";
  }

  /** Waits until these keys and no others have come. */
  async getsKeys(keys, options) {
    return until(`${this.name} gets the keys ${keys}`, () => this.keys === keys || Promise.reject(new Error(`it got ${this.keys || "none"}`)), options);
  }

  /** sipp's sign to go on: a request of ours within the call. sipp would take the same one twice for a retransmission. */
  async sign() {
    this.#signs += 1;
    const sign = [
      "NOTIFY sip:telephone@127.0.0.1 SIP/2.0",
      `Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK-sign-${this.#signs}`,
      "From: <sip:test@127.0.0.1>;tag=sign",
      "To: <sip:telephone@127.0.0.1>",
      `Call-ID: ${this.callId}`,
      `CSeq: ${this.#signs} NOTIFY`,
      "Content-Length: 0",
      "", "",
    ].join("\r\n");
    const socket = dgram.createSocket(net.isIPv6(this.address) ? "udp6" : "udp4");
    await new Promise((resolve, reject) => socket.send(sign, this.port, this.address, (error) => (error ? reject(error) : resolve())));
    socket.close();
  }

  hears(hz, options) {
    return this.heard.hears(hz, options);
  }

  hearsJust(tones, among, options) {
    return this.heard.hearsJust(tones, among, options);
  }

  hearsSomething(options) {
    return this.heard.hearsSomething(options);
  }

  hearsNot(hz, options) {
    return this.heard.hearsNot(hz, options);
  }

  hearsNothing(options) {
    return this.heard.hearsNothing(options);
  }

  /** When the first sound came, in epoch ms. */
  get firstSoundAt() {
    return this.heard.firstAt;
  }

  /** Waits until the call is over and everything went as its scenario says. */
  async ended(options) {
    const { code, signal } = await this.program.end(options);
    if (code !== 0) throw new Error(`${this.name}'s call went wrong (${code ?? signal}):\n${this.told()}`);
  }

  get running() {
    return this.program.running;
  }

  async close() {
    await this.program.close();
    await this.#ear.close();
  }

  told() {
    const answers = this.answers.map(({ code }) => code).join(" ");
    const requests = this.requests.map(({ method, sent }) => `${sent ? ">" : "<"}${method}`).join(" ");
    return `${this.name}: requests ${requests || "none"}; answers ${answers || "none"}; sound packets ${this.heard.packets}\n${this.program.tail()}`;
  }
}

function decoded(packet) {
  const csrcs = packet[0] & 15;
  return Float32Array.from(packet.subarray(12 + csrcs * 4), fromAlaw);
}
