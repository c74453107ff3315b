/** A BACnet device of @bacnet-js/client: `node bacnet_device.mjs PORT JOURNAL`; each answer has the next number, by seven. */

import bacnet, { ApplicationTag, PropertyIdentifier } from "@bacnet-js/client";

import { Journal } from "./journal.mjs";

const PARTS_PER_MILLION = 96;
const ARRAY_ALL = 0xffffffff;
const [port, path] = process.argv.slice(2);
const numbers = new Journal(path);
const device = new (bacnet.default ?? bacnet)({ port: Number(port), interface: "127.0.0.1" });

/** What the object says of a property; nothing for one that it does not have. */
function said(property, number) {
  switch (property) {
    case PropertyIdentifier.PRESENT_VALUE:
      return { type: ApplicationTag.REAL, value: number / 7 };
    case PropertyIdentifier.STATUS_FLAGS:
      return { type: ApplicationTag.BIT_STRING, value: { value: [0], bitsUsed: 4 } };
    case PropertyIdentifier.UNITS:
      return { type: ApplicationTag.ENUMERATED, value: PARTS_PER_MILLION };
    default:
      return { value: { type: "BacnetError", errorClass: 2, errorCode: 32 } };
  }
}

device.on("readPropertyMultiple", ({ header, invokeId, payload }) => {
  const number = numbers.take();
  const results = payload.properties.map(({ objectId, properties }) => ({
    objectId,
    values: properties.map(({ id }) => ({ property: { id, index: ARRAY_ALL }, value: [said(id, number)] })),
  }));
  device.readPropertyMultipleResponse(header.sender, invokeId ?? payload.invokeId, results);
});
