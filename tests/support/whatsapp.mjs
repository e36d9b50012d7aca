// WhatsApp's Cloud API as far as siaga uses it: takes messages, and brings signed webhooks.
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { until } from "./wait.mjs";

const TOKEN = "token-of-the-tests";
const PHONE_NUMBER_ID = "10611200112";
const APP_SECRET = "secret-of-the-tests";

export class Whatsapp {
  #server;
  /** What siaga sent, as it was in the request. */
  messages = [];
  /** Set it to answer the next sends with this status and error code instead. */
  failing;

  static async start(world) {
    const whatsapp = new Whatsapp();
    whatsapp.#server = createServer((request, response) => whatsapp.#take(request, response));
    whatsapp.#server.listen(0, "127.0.0.1");
    await once(whatsapp.#server, "listening");
    return world.keep(whatsapp);
  }

  /** siaga's section of settings. */
  get settings() {
    return {
      api_url: `http://127.0.0.1:${this.#server.address().port}/v25.0`,
      token: TOKEN,
      phone_number_id: PHONE_NUMBER_ID,
      app_secret: APP_SECRET,
      verify_token: "word-of-the-tests",
    };
  }

  async #take(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const reply = (status, body) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return reply(401, { error: { code: 190, message: "token" } });
    if (request.url !== `/v25.0/${PHONE_NUMBER_ID}/messages`) return reply(404, { error: { code: 100, message: request.url } });
    if (this.failing) return reply(this.failing.status, { error: { code: this.failing.code, message: "as the test asked" } });
    const message = JSON.parse(Buffer.concat(chunks));
    const id = `wamid.${this.messages.length + 1}`;
    this.messages.push({ id, ...message });
    return reply(200, { messaging_product: "whatsapp", contacts: [{ input: message.to, wa_id: message.to }], messages: [{ id }] });
  }

  async message(matches = () => true, options) {
    return until("WhatsApp gets a message", () => this.messages.find(matches), options);
  }

  /** The payloads of a message's quick-reply buttons, in their order. */
  static payloads({ template, interactive }) {
    const quick = template?.components?.filter(({ type }) => type === "button") ?? [];
    const reply = interactive?.action?.buttons ?? [];
    return [
      ...quick.map(({ parameters: [{ payload }] }) => payload),
      ...reply.map(({ reply: { id } }) => id),
    ];
  }

  /** Somebody at `number` presses a button of the message `to`. */
  press(api, { number, to, payload, name = "Regu" }) {
    return this.deliver(api, {
      contacts: [{ profile: { name }, wa_id: number }],
      messages: [{
        from: number, id: `wamid.press.${payload}`, timestamp: String(Math.floor(Date.now() / 1000)),
        type: "button", button: { payload, text: "Diterima" }, context: { from: PHONE_NUMBER_ID, id: to },
      }],
    });
  }

  /** Brings a webhook, signed unless another signature is given. */
  deliver(api, value, { signature } = {}) {
    const raw = JSON.stringify({
      object: "whatsapp_business_account",
      entry: [{ id: "1", changes: [{ field: "messages", value: {
        messaging_product: "whatsapp", metadata: { display_phone_number: "112", phone_number_id: PHONE_NUMBER_ID }, ...value,
      } }] }],
    });
    const own = `sha256=${createHmac("sha256", APP_SECRET).update(raw).digest("hex")}`;
    const given = signature === undefined ? own : signature;
    return api.request("POST", "/hooks/whatsapp", { raw, headers: given === null ? {} : { "x-hub-signature-256": given } });
  }

  async close() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  told() {
    return `WhatsApp got ${this.messages.length} messages`;
  }
}
