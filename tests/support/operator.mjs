// An operator: Debian's Chromium with a tone for a microphone, at the console as a person would be.
import assert from "node:assert/strict";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { openBrowser, openPlainBrowser } from "./browser.mjs";
import { leaveVoiceAlone, listen, noteTones } from "./headset.mjs";
import { agree } from "./heard.mjs";
import { isTone, loudness, tone, tonesIn, writeWav } from "./sound.mjs";
import { until } from "./wait.mjs";

const MICROPHONE_RATE = 48_000;
/** As the dial dialog names them. */
const WAYS_TO_CALL_IN = { consult: "Konsultasi", conference: "Konferensi", blind: "Alihkan langsung" };
/** A note tells of the sixth of a second before it, and is taken twenty times a second. */
const NOTE_LAG_MS = 200;
const NOTES_OF_A_VOICE = 6;

export class Operator {
  #browser;
  #url;
  #complaints = [];
  #name;
  page;

  /**
   * Opens the console of `siaga` in a browser of its own, `through` another address if one is given; `voice` is what the
   * microphone hears, in Hz. `scripts` run before the page. A `plain` browser is as a person has it; `measured` and
   * `viewport` are for the usual one.
   */
  static async open(world, siaga, { person, voice = 1000, through = siaga.url, scripts = [], plain = false, measured = false, viewport }) {
    const operator = new Operator();
    operator.#name = person.username;
    operator.#url = through;
    const microphone = join(world.directory, `microphone-${person.username}-${voice}.wav`);
    await writeWav(microphone, tone(voice, { rate: MICROPHONE_RATE, seconds: 5 }), MICROPHONE_RATE);
    operator.#browser = plain
      ? await openPlainBrowser({ directory: world.directory, microphone })
      : await openBrowser({ microphone, url: through, measured, viewport });
    world.keep(operator);
    for (const script of [leaveVoiceAlone, ...scripts]) await operator.#browser.context.addInitScript(script);
    await operator.newPage();
    return operator;
  }

  async newPage() {
    this.page = await this.#browser.context.newPage();
    this.page.setDefaultTimeout(45_000);
    this.page.on("console", (message) => message.type() === "error" && this.#complaints.push(message.text()));
    this.page.on("pageerror", (error) => this.#complaints.push(error.message));
    await this.page.goto(new URL("/", this.#url).href);
    return this.page;
  }

  /** Another page in a tab of the same window; the console stays as it is. */
  async beside(url) {
    const page = await this.#browser.context.newPage();
    page.setDefaultTimeout(45_000);
    await page.goto(url);
    return page;
  }

  /** The one element of this data-testid. */
  at(id) {
    return this.page.getByTestId(id);
  }

  async signIn({ username, password }) {
    await this.at("username").fill(username);
    await this.at("password").fill(password);
    await this.at("sign-in").click();
  }

  /** Starts the shift: the microphone is heard by the server, then calls may come. */
  async startShift() {
    await this.at("start-shift").click();
    await this.at("shift-ready").click({ timeout: 60_000 });
    await this.mediaConnected();
  }

  /** Signed in and ready for calls. */
  async ready(person) {
    await this.signIn(person);
    await this.startShift();
  }

  async mediaConnected() {
    await this.page.waitForFunction(() => globalThis.siaga?.peer?.connectionState === "connected", null, { timeout: 60_000 });
  }

  async rings(options) {
    await this.at("ring-banner").waitFor({ state: "visible", ...options });
  }

  async doesNotRing(options) {
    await this.at("ring-banner").waitFor({ state: "hidden", ...options });
  }

  async answer() {
    await this.at("answer").click();
    await this.talking();
  }

  async talking() {
    await this.at("hang-up").waitFor({ state: "visible" });
  }

  async hangUp() {
    await this.at("hang-up").click();
    await this.at("hang-up").waitFor({ state: "hidden" });
  }

  /** Calls somebody from the idle console, by the dial dialog. */
  async callsOut(number) {
    await this.at("dial-out").click();
    await this.#dials(number);
  }

  /** Calls somebody into the call: `consult`, `conference` or `blind`. */
  async callsIn(number, mode) {
    await this.at("dial").click();
    await this.at("dial-mode").getByText(WAYS_TO_CALL_IN[mode], { exact: true }).click();
    await this.#dials(number);
    if (mode === "blind") await this.at("blind-go").click();
  }

  async #dials(number) {
    await this.at("dial-number").fill(number);
    await this.at("dial-go").click();
    if (!(await this.at("blind-sure").isVisible())) await this.at("dial-dialog").waitFor({ state: "hidden" });
  }

  /** How the call of this screen stands, as its bar shows it. */
  async seesCall(state, options) {
    await this.#sees("call-state", "data-call-state", state, options);
  }

  /** How far somebody who was called in is; nothing if there is nobody of this number any more. */
  async seesParty(number, state, options) {
    await until(`${this.#name} sees that ${number} is ${state ?? "gone"}`, async () => {
      const tag = this.at("party").filter({ hasText: number });
      const shown = (await tag.count()) === 0 ? undefined : await tag.getAttribute("data-party-state", { timeout: 1_000 });
      return shown === state;
    }, options);
  }

  /** How this person stands between calls. */
  async seesOwnState(state, options) {
    await this.#sees("my-state", "data-operator-state", state, options);
  }

  async #sees(id, attribute, value, options) {
    await until(`${this.#name} sees ${id} ${value}`, async () =>
      (await this.at(id).getAttribute(attribute, { timeout: 1_000 })) === value, options);
  }

  /** What the call bar complains of, once it does. */
  async complaint(options) {
    return until(`${this.#name} is told what is wrong`, async () => {
      const bar = this.page.locator("output[aria-live=assertive]");
      return (await bar.count()) > 0 && bar.innerText();
    }, options);
  }

  /** Types into the form, as keys go: each field by its name after `field-`. */
  async fill(fields) {
    for (const [name, text] of Object.entries(fields)) await this.at(`field-${name}`).fill(text);
  }

  /** What the form shows now. */
  async form(names = ["place", "event", "name", "number", "details"]) {
    return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await this.at(`field-${name}`).inputValue()])));
  }

  /** The names of the form's fields, in the order in which they stand and are tabbed through. */
  async fieldsInOrder() {
    return this.at("report-form").locator('[data-testid^="field-"]').evaluateAll((all) =>
      all.map(({ dataset }) => dataset.testid.slice("field-".length)));
  }

  /** Chooses the incident type by its name, as it stands in the list. */
  async chooseType(name) {
    await this.at("field-type").getByRole("option", { name }).first().click();
  }

  /** Sends the incident to these teams and no others, by their ids. */
  async send(teams) {
    for (const team of teams) await this.at(`team-${team}`).waitFor({ state: "attached" });
    for (const choice of await this.page.locator('input[data-testid^="team-"]').all()) {
      const id = (await choice.getAttribute("data-testid")).slice("team-".length);
      await choice.setChecked(teams.includes(id));
    }
    await this.at("send-dispatch").click();
  }

  /** The dispatch stands on the screen, however far it is. */
  async seesDispatch(dispatch) {
    await this.at(`dispatch-${dispatch}`).first().waitFor();
  }

  /** How far a dispatch is, as the screen shows it. */
  async seesProgress(dispatch, progress, options) {
    await until(`the screen shows that the dispatch is ${progress}`, async () =>
      (await this.at(`dispatch-${dispatch}`).first().getAttribute("data-progress", { timeout: 1_000 })) === progress, options);
  }

  /** Closes the incident as a normal one. */
  async closeIncident() {
    await this.at("disposition-normal").click();
    await this.at("close-incident").click();
  }

  /** Whether the console says that it has the server. */
  async seesConnection(matches, options) {
    await until("the console sees how its connection is", async () =>
      matches(await this.at("connection-server").getAttribute("data-connection", { timeout: 1_000 })), options);
  }

  /** Plays the recording of a call on its page, then its last second. */
  async listensTo(call) {
    await this.page.goto(`/calls/${call}`);
    const player = this.at("recording-player").first();
    await player.waitFor();
    await player.evaluate((audio) => audio.play());
    await this.hearsRecording();
    const sought = await player.evaluate(async (audio) => {
      const seeked = new Promise((resolve, reject) => {
        audio.addEventListener("seeked", resolve, { once: true });
        audio.addEventListener("error", () => reject(new Error(audio.error?.message)), { once: true });
      });
      audio.currentTime = audio.duration - 1;
      await seeked;
      return { at: audio.currentTime, of: audio.duration };
    });
    assert.ok(sought.at > sought.of - 1.2, `sought the last second: ${JSON.stringify(sought)}`);
    await until("the recording plays to its end", () => player.evaluate((audio) => audio.ended));
  }

  /** Waits until the recording's player has played for a moment. */
  async hearsRecording() {
    await until("the recording plays", () => this.at("recording-player").first().evaluate((audio) => audio.currentTime > 0.3));
  }

  /** Reloads the page, and gives the browser the click that it may want before it lets sound out again. */
  async reload() {
    await this.page.reload();
    await this.mediaConnected();
    const gate = this.at("audio-locked");
    if (await gate.isVisible()) await gate.getByRole("button").click();
  }

  /** The samples of the last sixth of a second that the headset plays. */
  async #heard() {
    const { rate, samples } = await this.page.evaluate(listen);
    return { rate, samples: Float32Array.from(samples) };
  }

  async hears(hz, options) {
    return until(`${this.#name} hears ${hz} Hz`, async () => {
      const { rate, samples } = await this.#heard();
      return isTone(samples, rate, hz);
    }, options);
  }

  /** Of all `among`, these tones and no others. */
  async hearsJust(tones, among, options) {
    return until(`${this.#name} hears ${tones.join(" and ")} Hz and no other voice`, async () => {
      const { rate, samples } = await this.#heard();
      return agree(tonesIn(samples, rate, among), tones);
    }, options);
  }

  /** From now on it is noted which of these tones the headset plays, so that a moment's voice is not missed. */
  async notes(tones) {
    await this.#heard();
    await this.page.evaluate(noteTones, tones);
  }

  /** Those of the noted tones that were heard between two moments (epoch ms), even for a third of a second. */
  async heardBetween(from, to) {
    const notes = await this.page.evaluate(() => globalThis.testEar.notes);
    const within = notes.filter(({ at }) => at > from + NOTE_LAG_MS && at < to);
    return [...new Set(within.flatMap(({ tones }) => tones))]
      .filter((hz) => within.filter(({ tones }) => tones.includes(hz)).length >= NOTES_OF_A_VOICE);
  }

  /** How often this page has negotiated its media; counted from before it ran if `countNegotiations` is among its scripts. */
  negotiations() {
    return this.page.evaluate(() => globalThis.testNegotiations);
  }

  async hearsSomething(options) {
    return until(`${this.#name} hears something`, async () => loudness((await this.#heard()).samples) > 0.01, options);
  }

  async hearsNothing(options) {
    return until(`${this.#name} hears nothing`, async () => loudness((await this.#heard()).samples) < 0.003, options);
  }

  /** Waits until a video shows pictures that go on; one that does not start `byItself`, as asked, is clicked. */
  async plays(id, { byItself = false, ...options } = {}) {
    const video = this.at(id).first();
    await video.waitFor({ state: "attached" });
    const state = () => video.evaluate((element) => {
      const one = element instanceof HTMLVideoElement ? element : element.querySelector("video");
      return { time: one?.currentTime ?? 0, width: one?.videoWidth ?? 0, paused: one?.paused, error: one?.error?.message };
    });
    let first;
    let clicked = false;
    return until(`the pictures of ${id} move`, async () => {
      const { time, width, paused, error } = await state();
      if (error) throw new Error(error);
      if (width === 0) throw new Error("no picture yet");
      if (paused && !clicked && !byItself) {
        clicked = true;
        await video.click();
      }
      first ??= time;
      return time > first + 0.3;
    }, { within: 20_000, ...options });
  }

  /** Fails on what axe calls serious or critical. */
  async accessible(what) {
    const { violations } = await new AxeBuilder({ page: this.page }).analyze();
    const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    const told = grave.map(({ id, help, nodes }) => `${id}: ${help}\n${nodes.map(({ html }) => `    ${html}`).join("\n")}`).join("\n");
    assert.equal(grave.length, 0, `${what} has violations:\n${told}`);
  }

  /** Moves the focus by the Tab key alone until it is on this element. */
  async tabTo(id, { atMost = 150 } = {}) {
    const there = () => this.page.evaluate((wanted) => {
      const focus = document.activeElement;
      return focus?.closest(`[data-testid="${wanted}"]`) !== null && focus !== document.body;
    }, id);
    for (let presses = 0; presses <= atMost; presses += 1) {
      if (await there()) return;
      await this.page.keyboard.press("Tab");
    }
    throw new Error(`${atMost} presses of Tab do not lead to ${id}`);
  }

  /** Chooses from the main menu, with keys alone. */
  async choosesFromMenu(name) {
    await this.tabTo("menu");
    await this.press("Enter");
    const item = this.page.getByRole("menuitem", { name });
    await item.waitFor();
    const there = () => item.evaluate((one) => one === document.activeElement);
    for (let presses = 0; presses < 20 && !(await there()); presses += 1) await this.press("ArrowDown");
    assert.ok(await there(), `the arrow keys lead to ${name} in the menu`);
    await this.press("Enter");
    await this.page.getByRole("menu").waitFor({ state: "detached" });
  }

  press(key) {
    return this.page.keyboard.press(key);
  }

  type(text) {
    return this.page.keyboard.type(text);
  }

  async close() {
    await this.#browser.close();
  }

  told() {
    return this.#complaints.length === 0 ? "" : `the console of ${this.#name} complained:\n${this.#complaints.slice(-20).join("\n")}`;
  }
}
