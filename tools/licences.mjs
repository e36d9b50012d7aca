// Checks that every dependency that ships is under a licence that deny.toml allows: the crates by `cargo metadata`, the
// console's npm packages by their lock file. Needs no network and no tool beyond cargo and node.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

const root = new URL("..", import.meta.url).pathname;

/** The strings of one array in deny.toml; enough TOML for a file of our own. */
function listed(key) {
  const found = readFileSync(`${root}deny.toml`, "utf8").match(new RegExp(`^${key} = \\[([^\\]]*)\\]`, "m"));
  if (!found) throw new Error(`deny.toml has no list '${key}'`);
  return [...found[1].replace(/#.*$/gm, "").matchAll(/"([^"]+)"/g)].map(([, item]) => item);
}

/**
 * Whether an SPDX expression can be satisfied with allowed licences only: OR needs one side, AND both.
 * The old form `MIT/Apache-2.0` means OR.
 */
function satisfied(expression, allowed) {
  const words = expression.replaceAll("/", " OR ").match(/[()]|[^\s()]+/g) ?? [];
  const either = () => {
    let good = both();
    while (words[0] === "OR") {
      words.shift();
      good = both() || good;
    }
    return good;
  };
  const both = () => {
    let good = one();
    while (words[0] === "AND") {
      words.shift();
      good = one() && good;
    }
    return good;
  };
  const one = () => {
    const word = words.shift();
    if (word === "(") {
      const good = either();
      words.shift();
      return good;
    }
    if (words[0] === "WITH") return allowed.has([word, words.shift(), words.shift()].join(" "));
    return allowed.has(word);
  };
  return either();
}

/** Crates of every target platform, development ones included. */
function crates() {
  const json = execFileSync("cargo", ["metadata", "--format-version", "1", "--locked"], {
    cwd: root,
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "inherit"],
  });
  return JSON.parse(json).packages.map(({ name, version, license }) => ({ of: "crate", name, version, license }));
}

/** npm packages that end up in the console; those used only to build and test it are left out. */
function modules() {
  const lock = `${root}web/ui/package-lock.json`;
  if (!existsSync(lock)) return [];
  return Object.entries(JSON.parse(readFileSync(lock, "utf8")).packages)
    .filter(([path, { dev, optional }]) => path !== "" && !dev && !optional)
    .map(([path, { version, license }]) => ({ of: "npm", name: path.replace(/^.*node_modules\//, ""), version, license }));
}

const allowed = new Set(listed("allow"));
const known = new Set([...readFileSync(`${root}deny.toml`, "utf8").matchAll(/^crate = "([^"]+)"/gm)].map(([, name]) => name));
const all = [...crates(), ...modules()];
const refused = all.filter(({ name, license }) => !(license && satisfied(license, allowed)) && !known.has(name));

for (const { of, name, version, license } of refused) {
  console.error(`${of} ${name} ${version}: ${license ?? "no licence given"} is not in the allow list of deny.toml`);
}
console.log(`licences: ${all.length - refused.length} dependencies allowed, ${refused.length} refused`);
process.exitCode = refused.length === 0 ? 0 : 1;
