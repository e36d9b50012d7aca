// Logs and metrics are read by people who are to learn of no caller: no number, no name, no place, no words.
import assert from "node:assert/strict";

/** The callers that most scenarios have: their numbers however they are written, and their name. */
const CALLERS = ["8117701234", "8117705678", "Budi"];
/** Who asks for these looks into single calls. */
const DETAILED = /^\S+ +(DEBUG|TRACE) /;

/**
 * Nothing that siaga printed and nothing that it counts tells of a caller; `facts` are what this scenario says of one besides, each long enough
 * to be in no time and no id by chance.
 */
export async function tellsOfNoCaller(siaga, facts = []) {
  const printed = siaga.lines.filter((line) => !DETAILED.test(line));
  assert.ok(printed.length > 0, "what siaga prints is read");
  const { text } = await siaga.api().get("/metrics");
  assert.match(text, /^siaga_sip_/m, "what siaga counts is read");
  for (const line of [...printed, ...text.split("\n")]) {
    const told = [...CALLERS, ...facts].find((fact) => line.toLowerCase().includes(fact.toLowerCase()));
    assert.equal(told, undefined, `siaga tells of a caller: ${line}`);
  }
}
