// What the console itself sounds, apart from the caller's voice: media elements that loop. Noted from before the page runs.

/** Runs in the page before it: keeps every element that is played, for none of them is in the document. */
export function noteSounds() {
  globalThis.testSounds = new Set();
  const { play } = HTMLMediaElement.prototype;
  HTMLMediaElement.prototype.play = function noted(...args) {
    globalThis.testSounds.add(this);
    return play.apply(this, args);
  };
}

/** Runs in the page: the seconds that each loop which can be heard now has played. */
export function sounding() {
  return [...globalThis.testSounds]
    .filter((one) => one.loop && !one.paused && !one.muted && one.volume > 0.5 && one.readyState >= 2)
    .map(({ currentTime }) => currentTime);
}
