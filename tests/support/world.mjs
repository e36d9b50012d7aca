// One scenario's world: everything it started, closed in reverse order, and told about if the scenario fails.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { bounded } from "./wait.mjs";

export const DATABASES = ["SQLite", "PostgreSQL"];

class World {
  #started = [];
  /** One of `DATABASES`: what a siaga of this world keeps its records in, unless it is told another. */
  database = DATABASES[0];

  /** A directory of the scenario's own. */
  directory;

  async open() {
    this.directory = await mkdtemp(join(tmpdir(), "siaga-test-"));
  }

  /**
   * Keeps what was started until the scenario ends. `part.close()` ends it; `part.told()`, where there is one, is what a
   * reader of a failure wants to see of it.
   */
  keep(part) {
    this.#started.push(part);
    return part;
  }

  async told() {
    const all = await Promise.allSettled(this.#started.map(async (part) => part.told?.()));
    return all.map(({ value, reason }) => value ?? reason?.message ?? "").filter(Boolean).join("\n");
  }

  async close() {
    const troubles = [];
    for (const part of this.#started.reverse()) {
      await bounded("an orderly end", Promise.resolve(part.close()), { within: 20_000 }).catch((error) => troubles.push(error));
    }
    await rm(this.directory, { recursive: true, force: true });
    if (troubles.length > 0) throw troubles[0];
  }
}

/** Runs `body` in a world of its own; what it keeps there is ended whatever happens, and told about if it fails. */
export async function inWorld(name, body, { within = 300_000, database = DATABASES[0] } = {}) {
  const world = new World();
  world.database = database;
  await world.open();
  try {
    await bounded(`the scenario "${name}"`, body(world), { within });
  } catch (error) {
    const told = await world.told();
    await world.close().catch((trouble) => console.error(`and while ending: ${trouble.message}`));
    if (told) console.error(`--- ${name}\n${told}\n---`);
    throw error;
  }
  await world.close();
}

/** Declares a scenario of the test suite. */
export function scenario(name, body, options) {
  test(name, () => inWorld(name, body, options));
}

/** Declares a scenario that is played on each database. */
export function scenarioOnBoth(name, body, options) {
  for (const database of DATABASES) scenario(`${name}, on ${database}`, body, { ...options, database });
}
