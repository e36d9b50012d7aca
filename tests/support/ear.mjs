// An ear on the loopback wire: tcpdump's packets as they pass, with the kernel's own times. It hears what a program such
// as sipp receives but does not tell.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { bounded } from "./wait.mjs";

const FILE_HEADER = 24;
const PACKET_HEADER = 16;
const ETHERNET = 14;
const UDP = 17;

export class Ear {
  #child;
  #rest = Buffer.alloc(0);
  #begun = false;
  #onPacket;
  #complaints = "";

  /** Listens for UDP packets that match tcpdump's `filter`; `onPacket` gets `{at, from, to, payload}`, `at` in epoch ms. */
  static async on(filter, onPacket) {
    const ear = new Ear();
    ear.#onPacket = onPacket;
    const tcpdump = ["tcpdump", "-i", "lo", "-n", "-U", "--immediate-mode", "-s", "0", "-w", "-", filter];
    // Packets can be captured by root only.
    const [command, ...args] = process.getuid() === 0 ? tcpdump : ["sudo", "-n", ...tcpdump];
    ear.#child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    ear.#child.stdout.on("data", (bytes) => ear.#take(bytes));
    const listening = new Promise((resolve, reject) => {
      ear.#child.once("error", reject);
      ear.#child.once("close", () => reject(new Error(`tcpdump ended: ${ear.#complaints}`)));
      ear.#child.stderr.setEncoding("utf8").on("data", (text) => {
        ear.#complaints += text;
        if (ear.#complaints.includes("listening on")) resolve();
      });
    });
    await bounded("tcpdump to listen", listening, { within: 10_000 });
    return ear;
  }

  #take(bytes) {
    let rest = Buffer.concat([this.#rest, bytes]);
    if (!this.#begun) {
      if (rest.length < FILE_HEADER) return void (this.#rest = rest);
      rest = rest.subarray(FILE_HEADER);
      this.#begun = true;
    }
    while (rest.length >= PACKET_HEADER) {
      const length = rest.readUInt32LE(8);
      if (rest.length < PACKET_HEADER + length) break;
      const at = rest.readUInt32LE(0) * 1000 + rest.readUInt32LE(4) / 1000;
      const heard = datagram(rest.subarray(PACKET_HEADER, PACKET_HEADER + length));
      if (heard) this.#onPacket({ at, ...heard });
      rest = rest.subarray(PACKET_HEADER + length);
    }
    this.#rest = Buffer.from(rest);
  }

  async close() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGTERM");
    await once(this.#child, "close");
  }
}

/** The UDP datagram in an Ethernet frame with IPv4, or IPv6 without extension headers; nothing for other frames. */
function datagram(frame) {
  const ip = frame.subarray(ETHERNET);
  const network = ip.length < 28 ? undefined : NETWORKS[ip[0] >> 4]?.(ip);
  if (network?.protocol !== UDP) return undefined;
  const { from, to, payload: udp } = network;
  return {
    from: { address: from, port: udp.readUInt16BE(0) },
    to: { address: to, port: udp.readUInt16BE(2) },
    payload: udp.subarray(8, udp.readUInt16BE(4)),
  };
}

/** By IP version. */
const NETWORKS = {
  4: (ip) => ({ protocol: ip[9], from: ip.subarray(12, 16).join("."), to: ip.subarray(16, 20).join("."), payload: ip.subarray((ip[0] & 15) * 4) }),
  6: (ip) => ({ protocol: ip[6], from: groups(ip.subarray(8, 24)), to: groups(ip.subarray(24, 40)), payload: ip.subarray(40) }),
};

/** An IPv6 address, written out. */
function groups(octets) {
  return Array.from({ length: 8 }, (_, n) => octets.readUInt16BE(n * 2).toString(16)).join(":");
}
