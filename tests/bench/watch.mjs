/** Runs in the page: notes, in epoch ms, when each dispatch first shows each progress, as `"<dispatch> <progress>"`. */
export function watchProgress() {
  const seen = {};
  globalThis.testProgress = seen;
  new MutationObserver(() => {
    for (const { dataset: { testid, progress } } of document.querySelectorAll("[data-progress]")) {
      const key = `${testid.slice("dispatch-".length)} ${progress}`;
      requestAnimationFrame(() => (seen[key] ??= performance.timeOrigin + performance.now()));
    }
  }).observe(document.body, { childList: true, subtree: true, attributeFilter: ["data-progress"] });
}

/**
 * Runs in the page: notes, in epoch ms, when it rings on the screen, when the call's form is on it, when answer is clicked,
 * and when a sound is heard.
 */
export async function watch() {
  const now = () => performance.timeOrigin + performance.now();
  const shown = (id) => document.querySelector(`[data-testid="${id}"]`);
  const times = {};
  /** The form that was there before the call that is awaited. */
  let before;
  const arm = () => {
    before = shown("report-form")?.dataset.call;
    for (const name of ["rang", "form", "clicked", "audible"]) delete times[name];
  };
  globalThis.testWatch = { times, arm };
  arm();
  // What is in the document is on the screen with the next frame.
  const note = (name) => requestAnimationFrame(() => (times[name] ??= now()));
  new MutationObserver(() => {
    if (!times.rang && shown("ring-banner")) note("rang");
    const form = shown("report-form")?.dataset.call;
    if (!times.form && form && form !== before) note("form");
  }).observe(document.body, { childList: true, subtree: true, attributeFilter: ["data-call"] });
  document.addEventListener("click", ({ target }) => target.closest('[data-testid="answer"]') && (times.clicked = now()), true);

  const context = new AudioContext({ latencyHint: "interactive" });
  await context.resume();
  const listener = `registerProcessor("listener", class extends AudioWorkletProcessor {
    process([[samples]]) {
      if (samples?.some((sample) => Math.abs(sample) > 0.02)) this.port.postMessage(Date.now());
      return true;
    }
  })`;
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([listener], { type: "text/javascript" })));
  const node = new AudioWorkletNode(context, "listener");
  // The time is the audio thread's: the page may be busy when it is told.
  node.port.onmessage = ({ data: at }) => times.clicked && at > times.clicked && (times.audible ??= at);
  context.createMediaStreamSource(new MediaStream([globalThis.siaga.peer.getReceivers()[0].track])).connect(node);
  const silent = context.createGain();
  silent.gain.value = 0;
  node.connect(silent).connect(context.destination);
}
