// The text half of a caller's telephone: an implementation of RFC 4103 of its own, beside a caller that sipp plays.
import { udpRange } from "./ports.mjs";
import { Program } from "./program.mjs";
import { until } from "./wait.mjs";

const PROGRAM = new URL("../peers/text_phone.py", import.meta.url).pathname;
const T140 = 98;
const RED = 100;

export class TextPhone {
  #program;
  port;

  static async open(world) {
    const phone = new TextPhone();
    const { first } = await udpRange(2);
    phone.port = first;
    phone.#program = new Program("the text telephone", "/usr/bin/python3", [PROGRAM, "--port", String(first)]);
    await phone.#program.line(/"ready"/);
    return world.keep(phone);
  }

  /** What the caller's description says of it. */
  get sdp() {
    return [
      `m=text ${this.port} RTP/AVP ${RED} ${T140}`, `a=rtpmap:${T140} t140/1000`, `a=rtpmap:${RED} red/1000`, `a=fmtp:${RED} ${T140}/${T140}/${T140}`,
    ];
  }

  /** Sends to where siaga's newest answer to this caller says, or its call to this callee. */
  async connect(telephone, options) {
    const port = await until("siaga has a place for text", () => {
      const described = telephone.offer ?? telephone.answers.findLast(({ text }) => /^m=text [1-9]/m.test(text))?.text;
      return Number(described?.match(/^m=text (\d+)/m)?.[1]);
    }, options);
    this.#program.write(`${JSON.stringify({ to: ["127.0.0.1", port], t140: T140, red: RED })}\n`);
    return port;
  }

  /** Types, and loses the packets of these numbers. `{packets, lost}` once all of it is said and repeated. */
  async types(text, { lose = [] } = {}) {
    const before = this.#said("typed").length;
    this.#program.write(`${JSON.stringify({ type: text, lose })}\n`);
    return until("the caller has typed", () => this.#said("typed")[before], { within: 30_000 });
  }

  /** All that was read so far. */
  get read() {
    return this.#said("read").at(-1)?.read ?? "";
  }

  async reads(text, options) {
    return until(`the caller reads ${JSON.stringify(text)}`, () => this.read.includes(text), options);
  }

  #said(what) {
    return this.#program.lines.filter((line) => line.startsWith(`{"${what}"`)).map((line) => JSON.parse(line));
  }

  async close() {
    await this.#program.close();
  }

  told() {
    return `the caller read ${JSON.stringify(this.read)}\n${this.#program.told()}`;
  }
}
