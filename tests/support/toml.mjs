// Settings as TOML: sections of scalars, lists of scalars, and lists of tables. No more than tests need.

export function toml(sections) {
  return Object.entries(sections).map(([name, section]) => table(name, section)).join("\n");
}

function table(name, section, brackets = ["[", "]"]) {
  const entries = Object.entries(section).filter(([, value]) => value !== undefined);
  const isTables = (value) => Array.isArray(value) && typeof value[0] === "object" && !Array.isArray(value[0]);
  const own = entries.filter(([, value]) => !isTables(value)).map(([key, value]) => `${key} = ${scalar(value)}\n`);
  const below = entries.filter(([, value]) => isTables(value))
    .flatMap(([key, tables]) => tables.map((one) => table(`${name}.${key}`, one, ["[[", "]]"])));
  return `${brackets[0]}${name}${brackets[1]}\n${own.join("")}${below.join("")}`;
}

/** JSON's strings, numbers, booleans and lists of them are TOML as well. */
function scalar(value) {
  return JSON.stringify(value);
}
