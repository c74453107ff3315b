// Checks EPCIS events and GS1 Digital Links with somebody else's code: epcis2.js and digital-link.js.
//
// Reads {documents, links} as JSON from standard input; writes {faults, hashes, links}: for each document its faults by
// the standard's schema and the hash of each event, for each link whether it is valid, its GTIN and its batch.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(import.meta.url);
const { validateEpcisDocument, eventToHashedId } = require("epcis2.js");
const { DigitalLink } = require("digital-link.js");

const { documents, links } = JSON.parse(readFileSync(0, "utf8"));

function hashesOf(document) {
  const prefixes = Object.assign({}, ...document["@context"].filter((part) => typeof part === "object"));
  return document.epcisBody.eventList.map((event) => eventToHashedId(structuredClone(event), prefixes, false));
}

function checkLink(address) {
  try {
    const link = DigitalLink(address);
    return { valid: link.isValid(), gtin: link.getIdentifier()["01"], batch: link.getKeyQualifier("10") };
  } catch (error) {
    return { valid: false, fault: String(error) };
  }
}

// The checks add defaults to what they get: each has a copy.
const faults = documents.map((document) => validateEpcisDocument(structuredClone(document), false).errors);
console.log(JSON.stringify({ faults, hashes: documents.map(hashesOf), links: links.map(checkLink) }));
