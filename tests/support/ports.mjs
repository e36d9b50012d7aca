// Free ports on loopback. Each is asked of the kernel, so that runs side by side do not meet.
import dgram from "node:dgram";
import { once } from "node:events";
import net from "node:net";

const HOST = "127.0.0.1";

/** A TCP port that was free a moment ago. */
export async function tcpPort() {
  const server = net.createServer().listen(0, HOST);
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** A UDP port that was free a moment ago. */
export async function udpPort() {
  const socket = dgram.createSocket("udp4").bind(0, HOST);
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  await once(socket, "close");
  return port;
}

let nextRange = 10_000 + (process.pid % 100) * 200;

/** A range of UDP ports below the kernel's own, of which the first and last were free a moment ago. */
export async function udpRange(size = 40) {
  for (let tries = 0; tries < 50; tries += 1) {
    const first = nextRange;
    nextRange = first + size > 31_900 ? 10_000 : first + size;
    if ((await free(first)) && (await free(first + size - 1))) return { first, last: first + size - 1 };
  }
  throw new Error(`no free range of ${size} UDP ports on ${HOST}`);
}

async function free(port) {
  const socket = dgram.createSocket("udp4");
  try {
    socket.bind(port, HOST);
    await once(socket, "listening");
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}
