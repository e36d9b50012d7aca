// The voice of a caller whose network loses packets: RTP (RFC 3550) with gaps in its numbers, beside a caller whom sipp plays without a voice.
import dgram from "node:dgram";
import { once } from "node:events";
import { toAlaw, tone } from "./sound.mjs";
import { until } from "./wait.mjs";

const RATE = 8_000;
const PACKET_MS = 20;
const SAMPLES = (RATE * PACKET_MS) / 1_000;
const PCMA = 8;
const SSRC = 0x112;

export class LossyVoice {
  #socket = dgram.createSocket("udp4");
  #sound;
  #loses;
  #timer;
  /** Packets made so far, with those that were lost. */
  spoken = 0;
  lost = 0;

  /** A tone of `hz`; every packet of this number is lost on its way. */
  static async open(world, { hz, losesEvery }) {
    const voice = new LossyVoice();
    // A second of whole periods, so that it goes round without a click.
    voice.#sound = Buffer.from(tone(hz, { rate: RATE, seconds: 1 }).map(toAlaw));
    voice.#loses = losesEvery;
    voice.#socket.bind(0, "127.0.0.1");
    await once(voice.#socket, "listening");
    return world.keep(voice);
  }

  /** Begins to speak to where siaga's newest answer to this caller says. */
  async speaks(caller) {
    const port = await until("siaga has a place for the caller's voice", () =>
      Number(caller.answers.findLast(({ text }) => /^m=audio [1-9]/m.test(text))?.text.match(/^m=audio (\d+)/m)[1]));
    const began = performance.now();
    // A timer that fires late makes up for it.
    this.#timer = setInterval(() => {
      while (this.spoken * PACKET_MS <= performance.now() - began) this.#speak(port);
    }, PACKET_MS);
  }

  /** Waits until so many packets more have been made. */
  async goesOn(packets) {
    const enough = this.spoken + packets;
    return until(`the caller has spoken ${packets} packets`, () => this.spoken >= enough, { within: 60_000 });
  }

  #speak(port) {
    const number = this.spoken;
    this.spoken += 1;
    if (this.spoken % this.#loses === 0) {
      this.lost += 1;
      return;
    }
    const packet = Buffer.alloc(12 + SAMPLES);
    packet[0] = 0x80;
    packet[1] = PCMA;
    packet.writeUInt16BE(number % 0x10000, 2);
    packet.writeUInt32BE(number * SAMPLES, 4);
    packet.writeUInt32BE(SSRC, 8);
    const at = (number * SAMPLES) % this.#sound.length;
    this.#sound.copy(packet, 12, at, at + SAMPLES);
    this.#socket.send(packet, port, "127.0.0.1");
  }

  async close() {
    clearInterval(this.#timer);
    this.#socket.close();
  }

  told() {
    return `the caller's voice: ${this.spoken} packets, ${this.lost} of them lost`;
  }
}
