// Many callers who give up as soon as it rings: how long an INVITE waits for its 180, by the kernel's times of the packets.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Ear } from "../support/ear.mjs";
import { udpPort } from "../support/ports.mjs";
import { run } from "../support/program.mjs";

const SCENARIO = new URL("quick.xml", import.meta.url).pathname;
const PER_SECOND = 20;
const AT_ONCE = 5;
const WARM_UP = 20;

/** The milliseconds from INVITE to 180 of each of `calls` calls. */
export async function invitesTo180(world, target, calls) {
  const port = await udpPort();
  const [invited, rung] = [new Map(), new Map()];
  const ear = await Ear.on(`udp and port ${port}`, ({ at, payload }) => {
    const text = payload.toString("latin1");
    const id = text.match(/\r\nCall-ID: *(\S+)/i)?.[1];
    const times = text.startsWith("INVITE ") ? invited : text.startsWith("SIP/2.0 180") ? rung : undefined;
    // A retransmission is part of the wait.
    if (id && times && !times.has(id)) times.set(id, at);
  });
  world.keep(ear);
  const directory = join(world.directory, "quick");
  await mkdir(directory, { recursive: true });
  const all = calls + WARM_UP;
  await run("sipp", "sipp", [
    target, "-sf", SCENARIO, "-m", String(all), "-r", String(PER_SECOND), "-l", String(AT_ONCE), "-nostdin",
    "-i", "127.0.0.1", "-p", String(port), "-mi", "127.0.0.1", "-trace_err", "-error_file", "errors.log",
  ], { cwd: directory, within: (all / PER_SECOND) * 4_000 + 30_000 });
  await ear.close();
  return [...invited].slice(WARM_UP).map(([id, at]) => rung.get(id) - at);
}
