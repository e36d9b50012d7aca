// A telephone that siaga calls: an agency, a mobile, the fallback number. sipp with a tone for a voice, and an ear for what it hears.
import { Telephone } from "./telephone.mjs";
import { until } from "./wait.mjs";

export class Callee extends Telephone {
  /** Whether it picks up by itself as soon as it rings. */
  #eager;

  /**
   * Waits to be called. `scenario` names a file of peers/sipp: `callee` picks up at once, `telephone` when it is told to, `busy` and
   * `unanswered` do not. `number` is its number at the `exchange`, if it has one; it takes so many `calls` and then no more. Its answer describes
   * `sdp` (whole lines) beside the voice, and events for keys if it `takesKeys`.
   */
  static async wait(world, { address = "127.0.0.2", voice = 1800, scenario = "callee", exchange, number, calls = 1, sdp, takesKeys }) {
    const callee = new Callee();
    callee.#eager = scenario === "callee";
    const name = `the callee ${number ?? ""}`.trim();
    await callee.begin(world, { name, scenario, address, voice, calls, answer: sdp, takesKeys, directory: `callee-${scenario}-${number ?? "only"}` });
    exchange?.connect(number, callee.sip);
    return callee;
  }

  /** Where it is called: host:port. */
  get sip() {
    return `${this.address}:${this.port}`;
  }

  /** The id of the newest call. */
  get callId() {
    return this.requests.findLast(({ method, sent }) => method === "INVITE" && !sent)?.text.match(/^Call-ID: *([^\r]*)/im)?.[1];
  }

  /** What siaga described to it when it was called. */
  get offer() {
    return this.requests.find(({ method, sent }) => method === "INVITE" && !sent)?.text;
  }

  /** Waits until it has been called so many times. */
  async rings({ times = 1, ...options } = {}) {
    return until(`${this.name} rings${times > 1 ? ` ${times} times` : ""}`, () => {
      const calls = new Set(this.requests.filter(({ method, sent }) => method === "INVITE" && !sent)
        .map(({ text }) => text.match(/^Call-ID: *([^\r]*)/im)?.[1]));
      return calls.size >= times;
    }, options);
  }

  async picksUp(options) {
    await this.rings(options);
    if (!this.#eager) await this.sign();
  }

  /** Is heard from now on, before it answers. */
  async speaksEarly(options) {
    await this.rings(options);
    await this.sign();
  }

  /** The network gives up for it: nobody is there. */
  async isNotThere(options) {
    await this.rings(options);
    await this.sign();
  }

  async hangsUp() {
    await this.sign();
    return this.ended();
  }

  /** Whether this request came from siaga. */
  got(method) {
    return this.requests.some((one) => one.method === method && !one.sent);
  }
}
