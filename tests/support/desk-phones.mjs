// A house whose operators work with desk phones: baresip at registered positions.
import { Baresip } from "./baresip.mjs";
import { people } from "./city.mjs";
import { openHouse } from "./house.mjs";
import { Operator } from "./operator.mjs";
import { tcpPort, udpPort } from "./ports.mjs";
import { until } from "./wait.mjs";

export const PASSWORD = "sandi-telepon-meja";
/** The voice of who speaks by a desk phone. */
export const PHONE_HZ = 1750;
/** Where the scenarios' callers are. */
export const CALLERS = { name: "tests", peers: ["127.0.0.1/32"] };

/** A house with two desk phones, the first of them Ayu's. With a `certificate` phones may also encrypt everything, by its `secure` address. */
export async function houseWithPhones(world, { queue, options = 2, digests = ["MD5"], trunks = [CALLERS], certificate } = {}) {
  const [sip, secure] = [`127.0.0.1:${await udpPort()}`, `127.0.0.1:${await tcpPort()}`];
  const siaga = await openHouse(world, {
    queue,
    sip: {
      listen: [`udp://${sip}`, `tcp://${sip}`, ...(certificate ? [`tls://${secure}`] : [])],
      ...(certificate && { tls_certificate: certificate.file, tls_key: certificate.key, "phones.srtp": "offered" }),
      trunk: trunks,
      "phones.networks": ["127.0.0.1/32"], "phones.digests": digests, "phones.options_seconds": options,
      phone: [{ name: "meja-1", password: PASSWORD, operator: "ayu" }, { name: "meja-2", password: PASSWORD }],
    },
  });
  Object.assign(siaga, { sip, secure });
  return siaga;
}

export async function deskPhone(world, siaga, name, settings = {}) {
  const phone = await Baresip.start(world, { number: name, registrar: settings.encrypted ? siaga.secure : siaga.sip, password: PASSWORD, voice: PHONE_HZ, ...settings });
  await phoneIs(await siaga.as(people.citra), name, "registered");
  return phone;
}

export async function phoneIs(api, name, state, options) {
  await until(`phone ${name} is ${state}`, async () => {
    const phones = await api.ask("GET", "phones");
    return phones.find((phone) => phone.name === name)?.state === state;
  }, { within: 20_000, ...options });
}

/** A person at the console who works with this phone. */
export async function atThePhone(world, siaga, name, phone) {
  const person = await Operator.open(world, siaga, { person: people[name] });
  await person.signIn(people[name]);
  await person.at(`start-with-${phone}`).click();
  await person.seesOwnState("ready");
  return person;
}

/** How the console's API shows an operator. */
export async function operatorIs(world, api, name, state) {
  const live = await api.live(world);
  await until(`${name} is ${state}`, () => {
    const seen = live.events.flatMap(({ event, operators, operator }) => (event === "snapshot" ? operators : event === "operator" ? [operator] : []));
    return seen.findLast((one) => one.name === people[name].name)?.state.state === state;
  }, { within: 15_000 });
  live.close();
}

/** Whoever spoke by the lost phone `name` does not come back: the call rings at this operator, who takes it. */
export async function passesOn(api, name, operator, caller, { voice, callerVoice }) {
  await phoneIs(api, name, "away", { within: 40_000 });
  await operator.rings({ timeout: 40_000 });
  await operator.answer();
  await caller.hears(voice);
  await operator.hears(callerVoice);
  await caller.hangUp();
}
