// Telegram: teremock plays its Bot API, so that siaga talks to a server written by others. Presses on buttons come to
// siaga's webhook, as Telegram brings them.
import { Gate } from "./gate.mjs";
import { Program } from "./program.mjs";
import { until } from "./wait.mjs";

const BINARY = process.env.TELEGRAM_PEER_BIN ?? new URL("../../target/debug/telegram-peer", import.meta.url).pathname;
const SECRET = "secret-of-the-tests";
const BUTTONS = { acknowledged: "ack", en_route: "go", arrived: "arr", done: "done" };

export class Telegram {
  #program;
  #control;
  #updates = 1_000;
  #address;
  /** The way from siaga to the service; shut it, and the service is away as if the network were. */
  way;

  static async start(world) {
    const telegram = new Telegram();
    telegram.#program = new Program("the Telegram peer", BINARY, []);
    world.keep(telegram);
    const [line] = await telegram.#program.line(/^\{.*"control".*\}$/, { within: 20_000 });
    const { api_url: apiUrl, control } = JSON.parse(line);
    telegram.#address = new URL(apiUrl);
    telegram.way = await Gate.before(world, telegram.#address);
    telegram.#control = control.replace(/\/$/, "");
    return telegram;
  }

  /** siaga's section of settings. */
  get settings() {
    const { pathname } = this.#address;
    return { token: "112:token-of-the-tests", api_url: `${this.way.url}${pathname === "/" ? "" : pathname}`, mode: "webhook", webhook_secret: SECRET };
  }

  /** The messages that the service took, oldest first, as the Bot API shows them. */
  async messages() {
    const response = await fetch(`${this.#control}/messages`, { signal: AbortSignal.timeout(5_000) });
    if (!response.ok) throw new Error(`the Telegram peer answered ${response.status}`);
    const body = await response.json();
    return Array.isArray(body) ? body : body.messages;
  }

  /** Those with buttons: the dispatches. */
  async dispatches() {
    return (await this.messages()).filter(({ reply_markup: markup }) => markup?.inline_keyboard?.flat().length > 0);
  }

  async dispatch(matches = () => true, options) {
    return until("Telegram gets a dispatch", async () => (await this.dispatches()).find(matches), options);
  }

  /** Somebody in the message's chat presses the button that says `progress`. Answers siaga's reply to the webhook. */
  press(api, message, progress, { name = "Joko", chat, secret = SECRET, id } = {}) {
    const button = message.reply_markup.inline_keyboard.flat()
      .find(({ callback_data: data }) => data.endsWith(`:${BUTTONS[progress]}`));
    if (!button) throw new Error(`the message has no button for ${progress}`);
    this.#updates += 1;
    const from = { id: 5_112, is_bot: false, first_name: name };
    return api.request("POST", "/hooks/telegram", {
      raw: JSON.stringify({
        update_id: this.#updates,
        callback_query: {
          id: id ?? `press-${this.#updates}`, from, chat_instance: "tests", data: button.callback_data,
          message: chat === undefined ? message : { ...message, chat: { ...message.chat, id: chat } },
        },
      }),
      headers: secret === null ? {} : { "x-telegram-bot-api-secret-token": secret },
    });
  }

  close() {
    return this.#program.close();
  }

  told() {
    return this.#program.told();
  }
}
