// A carrier's location server that is subscribed to (RFC 6442 section 4.6): sipp, which tells each next place when the test wants it to.
import { Telephone } from "./telephone.mjs";
import { until } from "./wait.mjs";

export class PresenceServer extends Telephone {
  /** `places` are two `{latitude, longitude, radius_m}`. It is of no network that may call. */
  static async open(world, { places, address = "127.0.0.3" }) {
    const server = new PresenceServer();
    const keys = places.flatMap(({ latitude, longitude, radius_m }, n) =>
      ["-key", `place${n + 1}`, `${latitude} ${longitude}`, "-key", `radius${n + 1}`, String(radius_m)]);
    return server.begin(world, {
      name: "the location server", scenario: "presence-server", address, voice: 500, directory: "presence-server", parameters: keys,
    });
  }

  /** Where it is asked: host:port. */
  get sip() {
    return `${this.address}:${this.port}`;
  }

  get callId() {
    return this.requests.find(({ method }) => method === "SUBSCRIBE")?.text.match(/^Call-ID: *([^\r]*)/im)?.[1];
  }

  /** Waits until it is asked where a caller is. */
  async subscribed(options) {
    return until("the location server is subscribed to", () => this.callId, options);
  }

  /** Tells the next place. */
  async tells() {
    await this.subscribed();
    await this.sign();
  }
}
