// Waiting on what happens, with a deadline. Nothing in the tests sleeps for a fixed time.
import { setTimeout as pause } from "node:timers/promises";

/** How often a condition without an event of its own is looked at. */
const LOOK_EVERY_MS = 25;

/**
 * Asks `condition` until it answers something truthy, and returns that. An error that it throws counts as "not yet" and is
 * told if the deadline passes.
 */
export async function until(what, condition, { within = 30_000 } = {}) {
  const deadline = performance.now() + within;
  let last;
  for (;;) {
    try {
      const answer = await condition();
      if (answer) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`waited ${within} ms in vain until ${what}${last ? `: ${last.message}` : ""}`, { cause: last });
    }
    await pause(LOOK_EVERY_MS);
  }
}

/** The promise's outcome, or an error that says what was awaited. */
export async function bounded(what, promise, { within = 30_000 } = {}) {
  let timer;
  const deadline = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${within} ms in vain for ${what}`)), within);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
