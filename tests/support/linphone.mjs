// linphone as a caller or as a desk phone: a telephone that others wrote, played by its command line. Its voice is a tone; what it hears it writes down.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GrowingWav } from "./growing-wav.mjs";
import { udpPort, udpRange } from "./ports.mjs";
import { Program } from "./program.mjs";
import { tone, writeWav } from "./sound.mjs";

const VOICE_SECONDS = 60;

export class Linphone {
  #program;
  #heard;

  /** `suite`: all it says and hears is encrypted with this suite of SDES, and it offers no other. */
  static async start(world, { number = "+628117702002", voice = 620, address = "127.0.0.1", suite } = {}) {
    const linphone = new Linphone();
    const directory = join(world.directory, `linphone-${number}`);
    // It does not start without a place for its database, and makes none.
    await mkdir(join(directory, ".local", "share", "linphone"), { recursive: true });
    const [sip, rtp] = [await udpPort(), await udpRange(8)];
    await writeWav(join(directory, "voice.wav"), tone(voice, { seconds: VOICE_SECONDS }), 8000);
    await writeFile(join(directory, "linphonerc"), [
      "[sip]", `sip_port=${sip}`, "sip_tcp_port=0", "sip_tls_port=0", `contact="Siti" <sip:${number}@${address}>`, "guess_hostname=0", "use_ipv6=0",
      ...(suite ? ["media_encryption=srtp", "media_encryption_mandatory=1", `srtp_crypto_suites=${suite}`] : []),
      "[rtp]", `audio_rtp_port=${rtp.first}`,
      "[net]", "stun_server=",
      "[audio_codec_0]", "mime=PCMA", "rate=8000", "enabled=1", "",
    ].join("\n"));
    linphone.#heard = new GrowingWav("linphone", directory, /^heard\.wav$/);
    linphone.#program = new Program("linphone", "linphonec", ["-c", join(directory, "linphonerc")], {
      cwd: directory, env: { HOME: directory },
    });
    world.keep(linphone);
    linphone.#do("soundcard use files", `record ${join(directory, "heard.wav")}`, `play ${join(directory, "voice.wav")}`);
    return linphone;
  }

  #do(...commands) {
    for (const command of commands) this.#program.write(`${command}\n`);
  }

  dial(uri) {
    this.#do(`call ${uri}`);
  }

  /** Registers as the desk phone `name` at a registrar (host:port). */
  register(name, registrar, password) {
    this.#do(`register sip:${name}@${registrar} sip:${registrar} ${password}`);
  }

  /** Waits until it rings. */
  async rings(options) {
    await this.#program.line(/is contacting you|Receiving new incoming call/i, options);
  }

  /** Lifts the handset. */
  lift() {
    this.#do("answer");
  }

  hold() {
    this.#do("pause");
  }

  /** Takes up the call that it put aside; its calls are counted from 1. */
  resume(call) {
    this.#do(`resume ${call}`);
  }

  /** Gives whom it put aside to whom it speaks with. */
  transfer(aside, other) {
    this.#do(`transfer ${aside} --to-call ${other}`);
  }

  /** Digits that are typed during a call are pressed. */
  press(digit) {
    this.#do(digit);
  }

  hangUp() {
    this.#do("terminate");
  }

  async answered(options) {
    await this.#program.line(/Call \d+ with .* connected/, options);
  }

  /** Waits until the call is over, whoever ended it. */
  async ended(options) {
    await this.#program.line(/Call \d+ with .* ended/, options);
  }

  hears(hz, options) {
    return this.#heard.hears(hz, options);
  }

  async close() {
    this.#do("quit");
    await this.#program.close();
  }

  told() {
    return this.#program.told();
  }
}
