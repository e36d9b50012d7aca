// baresip as a caller: a telephone that others wrote, with a tone for a voice. What it hears it writes down, decrypted.
import { mkdir, writeFile } from "node:fs/promises";
import net from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { GrowingWav } from "./growing-wav.mjs";
import { tcpPort, udpPort, udpRange } from "./ports.mjs";
import { Program } from "./program.mjs";
import { tone, writeWav } from "./sound.mjs";
import { until } from "./wait.mjs";

const MODULES = "/usr/lib/baresip/modules";
const VOICE_SECONDS = 60;

export class Baresip {
  #program;
  #control;
  #heard;

  /** Starts it; `encrypted` names the file of the authority that the other side's certificate comes from, and means TLS with SDES. */
  static async start(world, { number = "+628117702001", voice = 620, address = "127.0.0.1", encrypted } = {}) {
    const baresip = new Baresip();
    const directory = join(world.directory, `baresip-${number}`);
    await mkdir(directory, { recursive: true });
    const [sip, control, rtp] = [await udpPort(), await tcpPort(), await udpRange(8)];
    await writeWav(join(directory, "voice.wav"), tone(voice, { seconds: VOICE_SECONDS }), 8000);
    // An account knows the encryption only if that is loaded before it.
    const modules = ["stdio", "g711", "aufile", "sndfile", "aubridge", ...(encrypted ? ["srtp"] : []), "account", "menu", "ctrl_tcp"];
    await writeFile(join(directory, "config"), [
      `sip_listen ${address}:${sip}`,
      ...(encrypted ? [`sip_cafile ${encrypted}`, "sip_verify_server yes"] : []),
      `net_interface ${address}`, `rtp_ports ${rtp.first}-${rtp.last}`,
      `audio_source aufile,${join(directory, "voice.wav")}`, "audio_player aubridge,heard", "audio_alert aubridge,alert",
      `snd_path ${directory}`, `ctrl_tcp_listen 127.0.0.1:${control}`,
      `module_path ${MODULES}`, ...modules.map((name) => `module ${name}.so`), "",
    ].join("\n"));
    const transport = encrypted ? ";transport=tls" : "";
    const media = encrypted ? ";mediaenc=srtp-mand" : "";
    await writeFile(join(directory, "accounts"), `"Budi" <sip:${number}@${address}${transport}>;regint=0;audio_codecs=PCMA${media}\n`);
    await writeFile(join(directory, "contacts"), "");

    baresip.#heard = new GrowingWav("baresip", directory, /dec\.wav$/);
    baresip.#program = new Program("baresip", "baresip", ["-f", directory], { cwd: directory });
    world.keep(baresip);
    baresip.#control = await until("baresip takes commands", async () => {
      const socket = net.connect(control, "127.0.0.1");
      await once(socket, "connect");
      return socket.on("error", () => {});
    });
    return baresip;
  }

  /** One command of its menu; netstrings of JSON. */
  #do(command, params) {
    const text = JSON.stringify({ command, params });
    this.#control.write(`${text.length}:${text},`);
  }

  dial(uri) {
    this.#do("dial", uri);
  }

  press(digit) {
    this.#do("sndcode", digit);
  }

  hangUp() {
    this.#do("hangup");
  }

  async answered(options) {
    await this.#program.line(/Call established/, options);
  }

  /** Waits until the other side has hung up. */
  async ended(options) {
    await this.#program.line(/session closed|terminated/i, options);
  }

  hears(hz, options) {
    return this.#heard.hears(hz, options);
  }

  async close() {
    this.#control?.destroy();
    await this.#program.close();
  }

  told() {
    return this.#program.told();
  }
}
