// The city that scenarios play in: people who sign in, agencies, teams in chats, cameras near the caller.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

const person = (username, role, name) => ({ username, role, name, password: `sandi-${username}-112` });

export const people = {
  ayu: person("ayu", "operator", "Ayu Lestari"),
  bagus: person("bagus", "operator", "Bagus Pratama"),
  citra: person("citra", "supervisor", "Citra Dewi"),
  dedi: person("dedi", "manager", "Dedi Saputra"),
  eka: person("eka", "head", "Eka Wijaya"),
};

/** Where the located caller stands: Pasar Jodoh. */
export const PLACE = { latitude: 1.143, longitude: 104.009 };

export const FIRE_CHAT = -1001112;
export const MEDICS_NUMBER = "628117700119";
export const OTHERS_NUMBER = "628117700120";

/** Adds people by the command line, as an administrator does, with or without the server running. */
export async function addPeople(siaga, names = Object.keys(people)) {
  for (const { username, role, name, password } of names.map((key) => people[key])) {
    await siaga.command(["user", "add", username, "--role", role, "--full-name", name], { input: `${password}\n` });
  }
}

/**
 * Imports agencies, a team in Telegram, two teams in WhatsApp and the cameras given as `{name, url, north_m}`, the metres that
 * each stands north of the caller.
 */
export async function importCity(siaga, { cameras = [] } = {}) {
  await imported(siaga, "agencies", "name,phone", [["Damkar Uji", "113"], ["PSC Uji", "119"]]);
  await imported(siaga, "teams", "agency,name,telegram_chat,whatsapp_number,latitude,longitude", [
    ["Damkar Uji", "Regu Jodoh", FIRE_CHAT, "", 1.1415, 104.0101],
    ["PSC Uji", "Ambulans Nagoya", "", MEDICS_NUMBER, "", ""],
    ["PSC Uji", "Ambulans Sekupang", "", OTHERS_NUMBER, "", ""],
  ]);
  if (cameras.length === 0) return;
  await imported(siaga, "cameras", "name,latitude,longitude,url,username,password",
    cameras.map(({ name, url, north_m }) => [name, PLACE.latitude + north_m / 111_195, PLACE.longitude, url, "", ""]));
}

async function imported(siaga, what, head, rows) {
  const file = join(siaga.directory, `${what}.csv`);
  await writeFile(file, [head, ...rows.map((row) => row.join(","))].join("\n") + "\n");
  await siaga.command(["import", what, file]);
}

/** The id of the team of this name. */
export async function teamNamed(api, name) {
  const team = (await api.ask("GET", "teams")).find((one) => one.name === name);
  if (!team) throw new Error(`there is no team ${name}`);
  return team.id;
}
