/** An OPC UA server of node-opcua: `node opcua_server.mjs PORT JOURNAL`; each reading has the next number, by seven. */

import { dirname, join } from "node:path";

import { OPCUACertificateManager } from "node-opcua-certificate-manager";
import { DataValue } from "node-opcua-data-value";
import { OPCUAServer } from "node-opcua-server";
import { StatusCodes } from "node-opcua-status-code";
import { DataType, Variant } from "node-opcua-variant";

import { Journal } from "./journal.mjs";

const [port, path] = process.argv.slice(2);
const numbers = new Journal(path);
const rootFolder = join(dirname(path), "pki");
const serverCertificateManager = new OPCUACertificateManager({ rootFolder, automaticallyAcceptUnknownCertificate: true });
await serverCertificateManager.initialize();
const server = new OPCUAServer({ port: Number(port), host: "127.0.0.1", hostname: "127.0.0.1", serverCertificateManager });
await server.initialize();
const space = server.engine.addressSpace;
const house = space.getOwnNamespace();
/** One reading calls the getter twice, at the same moment: that is one number. */
const SAME_READING_MS = 50;
let last = new DataValue({ statusCode: StatusCodes.BadWaitingForInitialData });
let takenMs = Infinity; // nothing is read before the server has started

function present() {
  if (Date.now() - takenMs > SAME_READING_MS) {
    takenMs = Date.now();
    last = new DataValue({
      value: new Variant({ dataType: DataType.Double, value: numbers.take() / 7 }),
      statusCode: StatusCodes.Good,
      sourceTimestamp: new Date(takenMs),
    });
  }
  return last;
}

house.addVariable({
  organizedBy: space.rootFolder.objects,
  browseName: "Meter",
  nodeId: "s=meter",
  dataType: "Double",
  minimumSamplingInterval: 1000,
  value: { timestamped_get: present },
});
await server.start();
takenMs = 0;
