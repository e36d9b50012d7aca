// Debian's Chromium with a tone for a microphone.
import { join } from "node:path";
import { chromium } from "playwright-core";
import { Program } from "./program.mjs";

const BROWSER = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
  "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
  "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
  // A chromium that runs as root has no sandbox of its own.
  ...(process.getuid() === 0 ? ["--no-sandbox"] : []),
];
const VIEWPORT = { width: 1600, height: 900 };

const flags = (microphone) => [...FLAGS, `--use-file-for-fake-audio-capture=${microphone}`];

/** A browser whose pages all count as looked at: `{context, close}`. A `measured` page lets in code that its policy would not. */
export async function openBrowser({ microphone, url, measured, viewport = VIEWPORT }) {
  const browser = await chromium.launch({ executablePath: BROWSER, headless: true, args: flags(microphone) });
  const context = await browser.newContext({
    baseURL: url, ignoreHTTPSErrors: true, locale: "id-ID", timezoneId: "Asia/Jakarta", viewport, bypassCSP: measured,
  });
  return { context, close: () => browser.close() };
}

/** A browser as a person has it: a tab behind another is hidden, and slowed down as Chromium sees fit. */
export async function openPlainBrowser({ directory, microphone }) {
  const program = new Program("Chromium", BROWSER, [
    ...flags(microphone), "--headless=new", `--window-size=${VIEWPORT.width},${VIEWPORT.height}`,
    "--remote-debugging-port=0", `--user-data-dir=${join(directory, "browser")}`, "about:blank",
  ]);
  try {
    const [, endpoint] = await program.line(/DevTools listening on (ws:\S+)/, { within: 20_000 });
    const browser = await chromium.connectOverCDP(endpoint, { noDefaults: true });
    const [context] = browser.contexts();
    const close = async () => {
      await browser.close();
      await program.close();
    };
    return { context, close };
  } catch (error) {
    await program.close();
    throw error;
  }
}
