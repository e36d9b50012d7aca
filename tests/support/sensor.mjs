// A sensor that tells of danger: sipp with an alert (RFC 8876, CAP 1.2) in a MESSAGE.
import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { udpPort } from "./ports.mjs";
import { run } from "./program.mjs";

const SCENARIO = new URL("../peers/sipp/message.xml", import.meta.url).pathname;

/** Who sends the alerts of the tests. */
export const SENDER = "panel@gedung-jodoh.example";

/** Sends one alert to the siaga at `target`, and waits until it is answered with 200; `alert` as `cap` takes it. */
export async function tells(world, target, alert) {
  const directory = join(world.directory, `sensor-${randomUUID()}`);
  await mkdir(directory);
  await writeFile(join(directory, "message.xml"), cap(alert));
  await run("the sensor", "sipp", [
    target, "-sf", SCENARIO, "-m", "1", "-nostdin", "-i", "127.0.0.1", "-bind_local", "-p", String(await udpPort()),
    "-timeout", "10s", "-timeout_error", "-key", "dialled", "urn:service:sos", "-key", "type", "application/EmergencyCallData.cap+xml",
    "-trace_err", "-error_file", "errors.log",
  ], { cwd: directory });
}

/** The time that an alert of this many minutes ago was sent at, as CAP writes it. */
export function sentAt(minutesAgo = 0) {
  return new Date(Date.now() - minutesAgo * 60_000).toISOString().replace(/\.\d+Z$/, "-00:00");
}

/** `about` are earlier alerts, `{identifier, sent}`, that this one changes or takes back. */
function cap({ identifier, sent = sentAt(), status = "Actual", type = "Alert", about = [], headline, description, area, circle }) {
  const references = about.map((one) => `${SENDER},${one.identifier},${one.sent}`).join(" ");
  return `<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
<identifier>${identifier}</identifier><sender>${SENDER}</sender><sent>${sent}</sent>
<status>${status}</status><msgType>${type}</msgType><scope>Private</scope>
${references && `<references>${references}</references>`}
<info>
<category>Fire</category><event>Kebakaran</event><urgency>Immediate</urgency><severity>Severe</severity><certainty>Observed</certainty>
<headline>${headline}</headline><description>${description}</description>
<area><areaDesc>${area}</areaDesc><circle>${circle.latitude},${circle.longitude} 0.05</circle></area>
</info>
</alert>
`;
}
