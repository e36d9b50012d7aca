// Free ports on loopback, below those that the kernel gives to connections, so that none is taken between the look and the use. Each
// process begins elsewhere, so that scenarios side by side do not meet.
import dgram from "node:dgram";
import { once } from "node:events";
import net from "node:net";

const HOST = "127.0.0.1";
const FIRST = 10_000;
const LAST = 31_900;

let next = FIRST + (process.pid * 397) % (LAST - FIRST);

/** A port that was free a moment ago, for UDP and for TCP. */
export async function tcpPort() {
  return take(1, async (port) => (await isFree(port, udp)) && (await isFree(port, tcp)));
}

/** The same: SIP listens on both. */
export const udpPort = tcpPort;

/** A range of UDP ports of which the first and last were free a moment ago. */
export async function udpRange(size = 40) {
  const first = await take(size, async (port) => (await isFree(port, udp)) && (await isFree(port + size - 1, udp)));
  return { first, last: first + size - 1 };
}

async function take(size, isGood) {
  for (let tries = 0; tries < 50; tries += 1) {
    if (next + size > LAST) next = FIRST;
    const first = next;
    // A telephone also takes the port after its own, for TLS.
    next += size + 1;
    if (await isGood(first)) return first;
  }
  throw new Error(`no ${size} free ports on ${HOST}`);
}

const udp = (port) => dgram.createSocket("udp4").bind(port, HOST);
const tcp = (port) => net.createServer().listen(port, HOST);

async function isFree(port, open) {
  const socket = open(port);
  try {
    await once(socket, "listening");
  } catch {
    return false;
  }
  socket.close();
  await once(socket, "close");
  return true;
}
