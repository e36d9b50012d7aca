// A client of siaga's HTTP API, as another program would write one. It accepts self-signed certificates, and says when an
// answer is not the one expected.
import assert from "node:assert/strict";
import http from "node:http";
import https from "node:https";
import WebSocket from "ws";
import { until } from "./wait.mjs";

const API = "/api/v1";
const PATIENCE_MS = 15_000;

export class Api {
  #url;
  cookie;
  user;

  constructor(url) {
    this.#url = url;
  }

  /**
   * One request; `path` from the root, or from the API if it does not begin with a slash. Answers `{status, headers,
   * bytes, text, json}`, whatever the status.
   */
  async request(method, path, { body, headers = {}, raw } = {}) {
    const url = new URL(path.startsWith("/") ? path : `${API}/${path}`, this.#url);
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const { request } = url.protocol === "https:" ? https : http;
    return new Promise((resolve, reject) => {
      const outgoing = request(url, {
        method,
        rejectUnauthorized: false,
        timeout: PATIENCE_MS,
        headers: {
          origin: url.origin,
          ...(this.cookie && { cookie: this.cookie }),
          ...(payload !== undefined && { "content-type": "application/json", "content-length": Buffer.byteLength(payload) }),
          ...headers,
        },
      }, (incoming) => {
        const chunks = [];
        incoming.on("data", (chunk) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () => resolve(answer(incoming, Buffer.concat(chunks))));
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error(`${method} ${path}: no answer in ${PATIENCE_MS} ms`)));
      outgoing.on("error", reject);
      outgoing.end(payload);
    });
  }

  get(path, options) {
    return this.request("GET", path, options);
  }

  post(path, body, options) {
    return this.request("POST", path, { body, ...options });
  }

  put(path, body, options) {
    return this.request("PUT", path, { body, ...options });
  }

  /** The JSON of a request that must succeed. */
  async ask(method, path, body) {
    const { status, json, text } = await this.request(method, path, { body });
    assert.ok(status >= 200 && status < 300, `${method} ${path} answered ${status}: ${text}`);
    return json;
  }

  async signIn(username, password) {
    const { status, headers, json, text } = await this.post("session", { username, password });
    assert.equal(status, 200, `sign-in of ${username}: ${text}`);
    this.cookie = headers["set-cookie"][0].split(";")[0];
    this.user = json.user;
    return json.user;
  }

  /** The events that this person's console would get, from now on. */
  async live(world) {
    const url = new URL(`${API}/live`, this.#url.replace(/^http/, "ws"));
    const socket = new WebSocket(url, { headers: { cookie: this.cookie, origin: this.#url }, rejectUnauthorized: false });
    const live = new Live(socket);
    world.keep(live);
    await live.next("snapshot");
    return live;
  }
}

/** The events of one live socket. */
class Live {
  #socket;
  #trouble;
  events = [];

  constructor(socket) {
    this.#socket = socket;
    socket.on("message", (data) => this.events.push({ ...JSON.parse(data), heardAt: Date.now() }));
    socket.on("error", (error) => (this.#trouble = error));
  }

  /** The first event of this name that matches, come or to come. */
  async next(name, matches = () => true, options) {
    return until(`the live socket tells ${name}`, () => {
      if (this.#trouble) throw this.#trouble;
      return this.events.find((one) => one.event === name && matches(one));
    }, options);
  }

  close() {
    this.#socket.terminate();
  }

  told() {
    return `live events: ${this.events.map(({ event }) => event).join(" ")}`;
  }
}

function answer({ statusCode, headers }, bytes) {
  const text = bytes.toString("utf8");
  return {
    status: statusCode,
    headers,
    bytes,
    text,
    get json() {
      return text === "" ? undefined : JSON.parse(text);
    },
  };
}
