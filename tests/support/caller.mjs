// A caller: sipp with a tone for a voice. What reaches the caller, words and sound, is heard on the wire.
import { randomUUID } from "node:crypto";
import dgram from "node:dgram";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Ear } from "./ear.mjs";
import { udpPort, udpRange } from "./ports.mjs";
import { Program } from "./program.mjs";
import { fromAlaw, isTone, loudness, toAlaw, tone } from "./sound.mjs";
import { until } from "./wait.mjs";

const SCENARIOS = new URL("../peers/sipp/", import.meta.url).pathname;
const RATE = 8000;
const PCMA = 8;
/** How much of the newest sound an answer to "what is heard now" looks at. */
const NOW_SAMPLES = 0.3 * RATE;
const SAMPLES_KEPT = 120 * RATE;

export class Caller {
  /** Answers to the INVITE: `{code, at}`, `at` in epoch ms. */
  answers = [];
  /** Requests from the server, by method. */
  requests = [];
  #heard = [];
  #program;
  #ear;
  #callId = randomUUID();
  #port;
  #name;
  #address;

  /**
   * Calls the siaga at `target` (host:port). `scenario` names a file of peers/sipp; `tone` is the voice in Hz.
   */
  static async dial(world, target, options = {}) {
    const {
      scenario = "call",
      number = "+628117701234",
      name = "Budi",
      dialled = `sip:112@${target}`,
      voice = 620,
      address = "127.0.0.1",
      transport = "udp",
    } = options;
    const caller = new Caller();
    caller.#name = `the caller ${number}`;
    caller.#address = address;
    caller.#port = await udpPort();
    const { first: rtp } = await udpRange(8);

    const directory = join(world.directory, `caller-${caller.#callId}`);
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, "voice.al"), Buffer.from(tone(voice, { rate: RATE, seconds: 1 }).map(toAlaw)));

    caller.#ear = await Ear.on(`udp and (port ${caller.#port} or dst port ${rtp})`, (packet) => caller.#hear(packet, rtp));
    caller.#program = new Program(caller.#name, "sipp", [
      target, "-sf", join(SCENARIOS, `${scenario}.xml`), "-m", "1", "-nostdin",
      "-t", transport === "tcp" ? "t1" : "u1",
      "-i", address, "-bind_local", "-p", String(caller.#port), "-mi", address, "-mp", String(rtp),
      "-cid_str", caller.#callId, "-timeout", "180s", "-timeout_error",
      "-key", "number", number, "-key", "name", name, "-key", "dialled", dialled,
      "-trace_err", "-error_file", "errors.log", "-trace_screen", "-screen_file", "screen.log",
    ], { cwd: directory });
    world.keep(caller);
    return caller;
  }

  #hear({ at, from, to, payload }, rtp) {
    if (to.port === rtp) {
      if (payload.length > 12 && (payload[1] & 127) === PCMA) this.#heard.push({ at, samples: decoded(payload) });
      if (this.#heard.length * 160 > SAMPLES_KEPT) this.#heard.splice(0, 50);
      return;
    }
    const text = payload.toString("latin1");
    if (!text.includes(this.#callId)) return;
    const answer = text.match(/^SIP\/2\.0 (\d{3})[\s\S]*?\r\nCSeq: *\d+ +(\w+)/i);
    if (answer && answer[2] === "INVITE") this.answers.push({ code: Number(answer[1]), at });
    const request = text.match(/^([A-Z]+) \S+ SIP\/2\.0/);
    if (request) this.requests.push({ method: request[1], at, sent: from.port === this.#port, text });
  }

  /** When the INVITE left, in epoch ms. */
  get dialledAt() {
    return this.requests.find(({ method, sent }) => sent && method === "INVITE")?.at;
  }

  async #answer(what, matches, options) {
    return until(`${this.#name} ${what}`, () => {
      const found = this.answers.find(({ code }) => matches(code));
      if (!found && !this.#program.running) throw new Error(`sipp has ended; answers: ${this.answers.map(({ code }) => code)}`);
      return found;
    }, options);
  }

  async ringing(options) {
    return this.#answer("hears it ring", (code) => code === 180 || code === 183, options);
  }

  async answered(options) {
    return this.#answer("is answered", (code) => code === 200, options);
  }

  async refused(code, options) {
    return this.#answer(`is refused with ${code}`, (given) => given === code, options);
  }

  /** The sound of the last moment, of what came after `since` (epoch ms), or nothing if too little did. */
  #now(since = 0) {
    const recent = this.#heard.filter(({ at }) => at > Math.max(since, Date.now() - 500));
    const samples = Float32Array.from(recent.flatMap(({ samples: some }) => [...some]));
    return samples.length >= NOW_SAMPLES ? samples.subarray(samples.length - NOW_SAMPLES) : undefined;
  }

  /** When the first sound came, in epoch ms. */
  get firstSoundAt() {
    return this.#heard[0]?.at;
  }

  async hears(hz, { since, ...options } = {}) {
    return until(`${this.#name} hears ${hz} Hz`, () => {
      const now = this.#now(since);
      if (!now) throw new Error("nothing is heard");
      return isTone(now, RATE, hz);
    }, options);
  }

  /** Anything audible: an announcement, ringback. */
  async hearsSomething(options) {
    return until(`${this.#name} hears something`, () => {
      const now = this.#now();
      return now && loudness(now) > 0.01;
    }, options);
  }

  async hearsNot(hz, options) {
    return until(`${this.#name} no longer hears ${hz} Hz`, () => {
      const now = this.#now();
      return !now || !isTone(now, RATE, hz);
    }, options);
  }

  /** Hangs up: BYE after an answer, CANCEL before. A request of ours within the call is sipp's sign to go on. */
  async hangUp() {
    const sign = [
      "NOTIFY sip:caller@127.0.0.1 SIP/2.0",
      "Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK-sign",
      "From: <sip:test@127.0.0.1>;tag=sign",
      "To: <sip:caller@127.0.0.1>",
      `Call-ID: ${this.#callId}`,
      "CSeq: 1 NOTIFY",
      "Content-Length: 0",
      "", "",
    ].join("\r\n");
    const socket = dgram.createSocket("udp4");
    await new Promise((resolve, reject) => socket.send(sign, this.#port, this.#address, (error) => (error ? reject(error) : resolve())));
    socket.close();
    return this.ended();
  }

  /** Waits until the call is over and everything went as its scenario says. */
  async ended(options) {
    const { code, signal } = await this.#program.end(options);
    if (code !== 0) throw new Error(`${this.#name}'s call went wrong (${code ?? signal}):\n${this.told()}`);
  }

  get running() {
    return this.#program.running;
  }

  async close() {
    await this.#program.close();
    await this.#ear.close();
  }

  told() {
    const answers = this.answers.map(({ code }) => code).join(" ");
    return `${this.#name}: answers ${answers || "none"}; sound packets ${this.#heard.length}\n${this.#program.tail()}`;
  }
}

function decoded(packet) {
  const csrcs = packet[0] & 15;
  return Float32Array.from(packet.subarray(12 + csrcs * 4), fromAlaw);
}
