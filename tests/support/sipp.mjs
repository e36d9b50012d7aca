// sipp's scenarios, with more in their INVITE than the file says: what carriers add to a call is told beside the test that needs it.

const END_OF_MESSAGE = "]]>";

/**
 * The scenario `xml` whose first request carries `headers` (whole lines), `sdp` (lines at the end of its description), and `parts` beside the
 * description (`{type, id, text}`, as multipart/mixed).
 */
export function withMore(xml, { headers = [], sdp = [], parts = [] } = {}) {
  const end = xml.indexOf(END_OF_MESSAGE);
  const [, head, body] = xml.slice(0, end).match(/^([\s\S]*?\n[A-Z]+ \S+ SIP\/2\.0\n[\s\S]*?\n)\n([\s\S]*)$/) ?? [];
  if (head === undefined) {
    if (headers.length + sdp.length + parts.length > 0) throw new Error("this scenario's first request has no body to add to");
    return xml;
  }
  const described = sdp.length === 0 ? body : `${body.trimEnd()}\n${lines(sdp)}\n`;
  const start = head.replace("Max-Forwards: 70\n", `Max-Forwards: 70\n${lines(headers)}`);
  if (parts.length === 0) return `${start}\n${described}${xml.slice(end)}`;
  const type = "Content-Type: application/sdp";
  const whole = [
    `--edge\n${type}\n\n${described.trimEnd()}\n\n`,
    ...parts.map(({ type: kind, id, text }) => `--edge\nContent-Type: ${kind}\n${id ? `Content-ID: <${id}>\n` : ""}\n${text.trim()}\n\n`),
    "--edge--\n",
  ].join("");
  return `${start.replace(type, "Content-Type: multipart/mixed;boundary=edge")}\n${whole}\n  ${xml.slice(end)}`;
}

/**
 * The scenario `xml` with `values` in place of what it leaves open as `{{name}}`, or `{{name|what it is otherwise}}`: sipp takes no method, code or
 * pattern by a key.
 */
export function filledIn(xml, values) {
  return xml.replaceAll(/\{\{(\w+)(?:\|(.*?))?\}\}/g, (all, name, otherwise) => {
    const value = values[name] ?? otherwise;
    if (value === undefined) throw new Error(`the scenario needs ${name}`);
    return value;
  });
}

/**
 * sipp's checks of a message, for its scenario: `[where, pattern]` for each, where is the name of a header field, or `body`, or `message`. The
 * pattern is a POSIX one, in which a dot matches line ends as well.
 */
export function checks(list) {
  return list.map(([where, pattern]) => {
    const place = { body: 'search_in="body"', message: 'search_in="msg"' }[where] ?? `search_in="hdr" header="${where}:" start_line="true"`;
    const text = pattern.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    return `<ereg regexp="${text}" ${place} check_it="true" assign_to="seen"/>`;
  }).join("\n      ");
}

/** The scenario `xml` of a telephone that has no telephone-events (RFC 4733), as old exchanges have none. */
export function withoutEvents(xml) {
  return xml.replaceAll("RTP/AVP 8 101", "RTP/AVP 8").replaceAll(/^a=(rtpmap|fmtp):101 .*\n/gm, "");
}

/** The scenario `xml` of somebody of whom no sound arrives, as behind a firewall that lets signalling through only. */
export function withoutVoice(xml) {
  return xml.replaceAll(/<nop><action><exec rtp_stream="[^"]*"\/><\/action><\/nop>/g, "");
}

/** The scenario `xml` of somebody who is called and takes keys as events (RFC 4733). */
export function withEvents(xml) {
  return xml.replaceAll(/RTP\/AVP 8\n/g, "RTP/AVP 8 101\na=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15\n");
}

/** The scenario `xml` of somebody who is called, whose answer describes `sdp` (whole lines) beside its voice. */
export function withAnswer(xml, sdp) {
  if (sdp.length === 0) return xml;
  const end = xml.indexOf(END_OF_MESSAGE, xml.indexOf("m=audio"));
  return `${xml.slice(0, end).trimEnd()}\n${lines(sdp)}\n  ${xml.slice(end)}`;
}

function lines(list) {
  return list.map((line) => `${line}\n`).join("");
}
