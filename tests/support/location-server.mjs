// A carrier's location server (RFC 6753, RFC 7852) over HTTPS: it has a document for each path, and takes its time until it is told to answer.
import { readFile } from "node:fs/promises";
import { once } from "node:events";
import https from "node:https";

export class LocationServer {
  #server;
  #open;
  #opened;
  #documents;
  /** What was asked, as `METHOD path`. */
  asked = [];

  /** `certificate` is one of `makeCertificate`; `documents` are `{path: {type, text}}`. */
  static async open(world, certificate, documents) {
    const server = new LocationServer();
    server.#documents = documents;
    server.#opened = new Promise((resolve) => (server.#open = resolve));
    const [cert, key] = [await readFile(certificate.file), await readFile(certificate.key)];
    server.#server = https.createServer({ cert, key }, (request, response) => server.#take(request, response));
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return world.keep(server);
  }

  /** Its host:port. */
  get host() {
    return `127.0.0.1:${this.#server.address().port}`;
  }

  /** Answers from now on, also what was asked before. */
  answers() {
    this.#open();
  }

  async #take(request, response) {
    this.asked.push(`${request.method} ${request.url}`);
    request.resume();
    await this.#opened;
    const document = this.#documents[request.url];
    if (!document) return response.writeHead(404).end();
    return response.writeHead(200, { "content-type": document.type }).end(document.text);
  }

  close() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  told() {
    return `the location server was asked ${this.asked.join(", ") || "nothing"}`;
  }
}
