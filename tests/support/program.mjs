// A program that a scenario runs beside itself: its lines, its end.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { bounded, until } from "./wait.mjs";

const LINES_KEPT = 5_000;
const LINES_TOLD = 60;

export class Program {
  #name;
  #child;
  #ended;
  lines = [];

  /** Starts it. `input`, if given, is all of its standard input; otherwise that stays open until the end. */
  constructor(name, command, args, { cwd, env, input, uid } = {}) {
    this.#name = name;
    this.#child = spawn(command, args, { cwd, env: { ...process.env, ...env }, uid, stdio: ["pipe", "pipe", "pipe"] });
    this.#ended = new Promise((resolve) => {
      this.#child.once("error", (error) => resolve({ code: null, signal: null, error }));
      this.#child.once("close", (code, signal) => resolve({ code, signal }));
    });
    this.#child.stdin.on("error", () => {}); // It may end before it has read everything.
    if (input !== undefined) this.#child.stdin.end(input);
    for (const stream of [this.#child.stdout, this.#child.stderr]) this.#collect(stream);
  }

  #collect(stream) {
    let rest = "";
    stream.setEncoding("utf8").on("data", (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      this.lines.push(...lines);
      if (this.lines.length > LINES_KEPT) this.lines.splice(0, this.lines.length - LINES_KEPT);
    });
    stream.on("end", () => rest && this.lines.push(rest));
  }

  get pid() {
    return this.#child.pid;
  }

  get running() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  write(text) {
    this.#child.stdin.write(text);
  }

  /** The first line that matches, as soon as it is there. */
  async line(pattern, options) {
    return until(`${this.#name} prints ${pattern}`, () => {
      const found = this.lines.map((line) => line.match(pattern)).find(Boolean);
      if (!found && !this.running) throw new Error(`${this.#name} has ended:\n${this.tail()}`);
      return found;
    }, options);
  }

  /** `{code, signal}` once it has ended. */
  async end({ within = 20_000 } = {}) {
    const outcome = await bounded(`the end of ${this.#name}`, this.#ended, { within });
    if (outcome.error) throw new Error(`${this.#name} could not be started: ${outcome.error.message}`, { cause: outcome.error });
    return outcome;
  }

  signal(name) {
    if (this.running) this.#child.kill(name);
  }

  async close() {
    if (!this.running) return;
    this.#child.stdin.end();
    this.signal("SIGTERM");
    await this.end({ within: 10_000 }).catch(() => {
      this.signal("SIGKILL");
      return once(this.#child, "close");
    });
  }

  tail() {
    return this.lines.slice(-LINES_TOLD).join("\n");
  }

  told() {
    return `${this.#name} said:\n${this.tail()}`;
  }
}

/** Runs a program to its end and returns what it printed; an exit code other than 0 is an error. */
export async function run(name, command, args, { expect = 0, within = 60_000, ...options } = {}) {
  const program = new Program(name, command, args, { input: "", ...options });
  const { code, signal } = await program.end({ within });
  if (code !== expect) throw new Error(`${name} ended with ${code ?? signal}, not ${expect}:\n${program.tail()}`);
  return program.lines.join("\n");
}
