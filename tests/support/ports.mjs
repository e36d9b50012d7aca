// Free ports on loopback, below those that the kernel gives to connections, so that none is taken between the look and the use, and below
// 30,000, where the tests of the Rust crates have theirs. Each process has a stretch of its own, so that scenarios side by side do not
// meet: many of a range's ports are opened long after the look.
import dgram from "node:dgram";
import { once } from "node:events";
import net from "node:net";

const HOST = "127.0.0.1";
const FIRST = 10_000;
const STRETCH = 2_000;
const STRETCHES = 10;
/** The one port of all stretches at which browsers open no page (a "bad port" of the Fetch standard). */
const NO_PAGE = 10_080;

/** Whoever listens on a stretch's first port has the stretch, until its process ends. */
const begin = await (async () => {
  for (let number = 0; number < STRETCHES; number += 1) {
    const first = FIRST + ((process.pid + number) % STRETCHES) * STRETCH;
    const mark = tcp(first);
    mark.unref();
    try {
      await once(mark, "listening");
      return first + 1;
    } catch {
      // Another process has it.
    }
  }
  throw new Error(`all ${STRETCHES} stretches of ports are taken by other tests`);
})();
const end = begin - 1 + STRETCH;

let next = begin;

/** A port that was free a moment ago, for UDP and for TCP. */
export async function tcpPort() {
  return take(1, async (port) => port !== NO_PAGE && (await isFree(port, udp)) && (await isFree(port, tcp)));
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
    // A telephone also takes the port after its own, for TLS.
    if (next + size + 1 > end) next = begin;
    const first = next;
    next += size + 1;
    if (await isGood(first)) return first;
  }
  throw new Error(`no ${size} free ports on ${HOST}`);
}

function udp(port) {
  return dgram.createSocket("udp4").bind(port, HOST);
}

function tcp(port) {
  return net.createServer().listen(port, HOST);
}

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
