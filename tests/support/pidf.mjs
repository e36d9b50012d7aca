// Where a caller is, as a network writes it beside a call: PIDF-LO (RFC 4119, RFC 5491).

export const METRES = "urn:ogc:def:uom:EPSG::9001";
export const DEGREES = "urn:ogc:def:uom:EPSG::9102";

/** The document of an `area`; `method` is how it was found, as an element. */
export const pidf = (area, method = "") => `<?xml version="1.0" encoding="UTF-8"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10" xmlns:gs="http://www.opengis.net/pidflo/1.0"
 xmlns:gml="http://www.opengis.net/gml" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" entity="pres:caller@127.0.0.1">
<dm:device id="phone"><gp:geopriv><gp:location-info>
${area}
</gp:location-info><gp:usage-rules/>${method}</gp:geopriv><dm:timestamp>2026-01-01T00:00:00Z</dm:timestamp></dm:device>
</presence>`;

/** How an area begins that has this middle. */
export const around = ({ latitude, longitude }) => `srsName="urn:ogc:def:crs:EPSG::4326"><gml:pos>${latitude} ${longitude}</gml:pos>`;

/** A part of a call's body that says so; `Geolocation: <cid:place@carrier.example>` points to it. */
export const placePart = (text) => ({ type: "application/pidf+xml", id: "place@carrier.example", text });
export const PLACED = "Geolocation: <cid:place@carrier.example>";
