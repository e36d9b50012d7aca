// baresip as a caller or as a desk phone: a telephone that others wrote, with a tone for a voice. What it hears it writes down, decrypted.
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

  /**
   * Starts it; `encrypted` names the file of the authority that the other side's certificate comes from, and means TLS with SDES. With a
   * `registrar` (host:port) and a `password` it is the desk phone `number` and registers, every `every` seconds. One that `conferences` takes a
   * call up without putting its other one aside.
   */
  static async start(world, { number = "+628117702001", voice = 620, address = "127.0.0.1", encrypted, registrar, password, every = 60, via = "udp", conferences = false } = {}) {
    const baresip = new Baresip();
    const directory = join(world.directory, `baresip-${number}`);
    await mkdir(directory, { recursive: true });
    const [sip, control, rtp] = [await udpPort(), await tcpPort(), await udpRange(8)];
    await writeWav(join(directory, "voice.wav"), tone(voice, { seconds: VOICE_SECONDS }), 8000);
    // An account knows the encryption only if that is loaded before it.
    const modules = ["stdio", "g711", "aufile", "sndfile", "aubridge", ...(encrypted ? ["srtp"] : []), "account", "menu", "ctrl_tcp"];
    await writeFile(join(directory, "config"), [
      `sip_listen ${address}:${sip}`,
      `call_hold_other_calls ${conferences ? "no" : "yes"}`,
      ...(encrypted ? [`sip_cafile ${encrypted}`, "sip_verify_server yes"] : []),
      `net_interface ${address}`, `rtp_ports ${rtp.first}-${rtp.last}`,
      `audio_source aufile,${join(directory, "voice.wav")}`, "audio_player aubridge,heard", "audio_alert aubridge,alert",
      `snd_path ${directory}`, `ctrl_tcp_listen 127.0.0.1:${control}`,
      `module_path ${MODULES}`, ...modules.map((name) => `module ${name}.so`), "",
    ].join("\n"));
    const way = encrypted ? "tls" : via;
    const transport = way === "udp" ? "" : `;transport=${way}`;
    const media = encrypted ? ";mediaenc=srtp-mand" : "";
    const account = registrar
      ? `"Meja" <sip:${number}@${registrar}${transport}>;auth_user=${number};auth_pass=${password};regint=${every}`
      : `"Budi" <sip:${number}@${address}${transport}>;regint=0`;
    await writeFile(join(directory, "accounts"), `${account};audio_codecs=PCMA${media}\n`);
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

  /** Waits until it is registered. */
  async registered(options) {
    await this.#program.line(/200 OK|registered successfully/i, options);
  }

  /** Waits until it rings. */
  async rings(options) {
    await this.#program.line(/Incoming call from/, options);
  }

  /** Lifts the handset. */
  lift() {
    this.#do("accept");
  }

  hold() {
    this.#do("hold");
  }

  resume() {
    this.#do("resume");
  }

  /** Turns to one of its calls, counted from 1. */
  line(call) {
    this.#do("line", String(call));
  }

  /** Gives its call to somebody else. */
  transfer(uri) {
    this.#do("transfer", uri);
  }

  /** As when its power is cut: nothing is said goodbye to. */
  async vanish() {
    this.#program.signal("SIGKILL");
    await this.#program.end();
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
