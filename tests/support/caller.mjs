// A caller: sipp with a tone for a voice. What reaches the caller, words and sound, is heard on the wire.
import { randomUUID } from "node:crypto";
import { Telephone } from "./telephone.mjs";
import { until } from "./wait.mjs";

export class Caller extends Telephone {
  #callId = randomUUID();

  /**
   * Calls the siaga at `target` (host:port). `scenario` names a file of peers/sipp; `voice` is a tone in Hz, or a second of samples; without `events`
   * keys come in it. The INVITE carries `headers`,
   * `sdp` and `parts` beside what the scenario says (see `withMore`); `keys` are further keys of the scenario.
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
      events,
      headers, sdp, parts,
      keys = {},
    } = options;
    const caller = new Caller();
    return caller.begin(world, {
      name: `the caller ${number}`, scenario, more: { headers, sdp, parts }, address, voice, events, remote: [target], directory: `caller-${caller.#callId}`,
      parameters: [
        "-t", transport === "tcp" ? "t1" : "u1", "-cid_str", caller.#callId,
        ...Object.entries({ number, name, dialled, ...keys }).flatMap(([key, value]) => ["-key", key, String(value)]),
      ],
    });
  }

  get callId() {
    return this.#callId;
  }

  /** When the INVITE left, in epoch ms. */
  get dialledAt() {
    return this.requests.find(({ method, sent }) => sent && method === "INVITE")?.at;
  }

  async #answer(what, matches, options) {
    return until(`${this.name} ${what}`, () => {
      const found = this.answers.find(({ code }) => matches(code));
      if (!found && !this.running) throw new Error(`sipp has ended; answers: ${this.answers.map(({ code }) => code)}`);
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

  /** Hangs up: BYE after an answer, CANCEL before. */
  async hangUp() {
    await this.sign();
    return this.ended();
  }
}
