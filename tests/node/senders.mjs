/** Flights of three autopilots, encoded by node-mavlink: JSON of [arrival in ms, frame in hexadecimal] by autopilot. */

import { MavLinkProtocolV1, MavLinkProtocolV2, common, minimal, standard } from "node-mavlink";

const UTC_AT_BOOT_MS = 1_717_221_600_000; // 2024-06-01T06:00:00Z
const COUNT = 100;
const UNKNOWN = 0xffffffff;

class Sender {
  frames = [];
  sequence = 0;

  constructor(protocol) {
    this.protocol = protocol;
  }

  send(atMs, kind, fields) {
    const message = Object.assign(new kind(), fields);
    this.frames.push([atMs, this.protocol.serialize(message, this.sequence).toString("hex")]);
    this.sequence = (this.sequence + 1) & 255;
  }
}

/** A position of the southern and western hemisphere, below sea level, that differs from message to message. */
function place(n) {
  return { lat: -335_000_000 + n, lon: -703_000_000 - n, alt: -12_500 + n, relativeAlt: 20_000 + n, vx: -300, vy: 400, vz: -50, hdg: 27_000 };
}

function px4() {
  const sender = new Sender(new MavLinkProtocolV2(1, 50));
  const modes = [0x04040000, 0x03040000, 0x09040000, 0x01030000, 0x000a0000]; // MISSION, LOITER, PRECLAND, ORBIT, TERMINATION
  const identity = { capabilities: 0n, flightSwVersion: 0x010f02ff, uid: 0n, uid2: [0, 2, 7, 8, 9, ...Array(13).fill(0)] };
  for (let n = 0; n < COUNT; n++) {
    const bootMs = 20_000 + 100 * n;
    const atMs = UTC_AT_BOOT_MS + bootMs + 40;
    if (n % 10 === 0) {
      const customMode = modes[Math.floor(n / 20)];
      sender.send(atMs, minimal.Heartbeat, { type: 20, autopilot: 12, baseMode: 0x9d, customMode, systemStatus: 4, mavlinkVersion: 3 });
      sender.send(atMs, common.SystemTime, { timeUnixUsec: BigInt(UTC_AT_BOOT_MS + bootMs) * 1000n, timeBootMs: bootMs });
      sender.send(atMs, common.ExtendedSysState, { vtolState: n < 50 ? 3 : 4, landedState: 2 });
      sender.send(atMs, common.GpsRawInt, {
        timeUsec: BigInt(bootMs) * 1000n, fixType: 3, lat: -335_000_000, lon: -703_000_000, alt: -12_500, eph: 80, epv: 120, vel: 500,
        cog: 9_000, satellitesVisible: 15, hAcc: n < 50 ? 1_500 : UNKNOWN, vAcc: UNKNOWN, velAcc: UNKNOWN, hdgAcc: UNKNOWN,
      });
      sender.send(atMs, common.WindCov, { timeUsec: BigInt(bootMs) * 1000n, windX: 3, windY: -4, windZ: NaN });
      sender.send(atMs, common.EstimatorStatus, { timeUsec: BigInt(bootMs) * 1000n, flags: 831, velRatio: 0.1, posHorizAccuracy: 0.4 });
      const voltages = [65_534, 1_966, ...Array(8).fill(65_535)];
      sender.send(atMs, common.BatteryStatus, { id: 0, voltages, currentBattery: 1_250, currentConsumed: 730, energyConsumed: -1, batteryRemaining: 81, temperature: 32_767 });
    }
    if (n === 3) sender.send(atMs, standard.AutopilotVersion, identity);
    sender.send(atMs, common.Attitude, { timeBootMs: bootMs, roll: n / 1000, pitch: -0.2, yaw: 3.1, rollspeed: 0, pitchspeed: 0, yawspeed: 0 });
    sender.send(atMs, common.GlobalPositionInt, { timeBootMs: bootMs, ...place(n) });
    // Of no dialect that Headland has, two in a row.
    for (const messageId of [60_001, 60_002]) {
      const [, hex] = sender.frames.at(-1);
      const frame = Buffer.from(hex, "hex");
      frame.writeUInt8(sender.sequence, 4);
      frame.writeUIntLE(messageId, 7, 3);
      sender.frames.push([atMs, frame.toString("hex")]);
      sender.sequence = (sender.sequence + 1) & 255;
    }
  }
  return sender.frames;
}

/** Betaflight and the firmware that came of it: microseconds in GLOBAL_POSITION_INT, no SYSTEM_TIME, no identity. */
function racer(protocol, heartbeat, bootMs, battery) {
  const sender = new Sender(protocol);
  for (let n = 0; n < COUNT; n++) {
    const nowMs = bootMs + 100 * n;
    const atMs = UTC_AT_BOOT_MS + 100 * n;
    if (n % 10 === 0) {
      sender.send(atMs, minimal.Heartbeat, { systemStatus: 4, mavlinkVersion: 3, ...heartbeat });
      sender.send(atMs, common.SysStatus, { load: 120, voltageBattery: battery, currentBattery: -1, batteryRemaining: -1 });
      sender.send(atMs, common.GpsRawInt, {
        timeUsec: BigInt(nowMs) * 1000n, fixType: 3, lat: -335_000_000, lon: -703_000_000, alt: -12_500, eph: 65_535, epv: 65_535, vel: 500,
        cog: 9_000, satellitesVisible: 15,
      });
      sender.send(atMs, common.VfrHud, { airspeed: 0, groundspeed: 5, alt: 12, climb: 0.5, heading: 270, throttle: 40 });
    }
    sender.send(atMs, common.GlobalPositionInt, { timeBootMs: (nowMs * 1000 + 57) % 2 ** 32, ...place(n) });
    sender.send(atMs, common.Attitude, { timeBootMs: nowMs, roll: n / 1000, pitch: -0.2, yaw: 3.1, rollspeed: 0, pitchspeed: 0, yawspeed: 0 });
  }
  return sender.frames;
}

const flights = {
  px4: px4(),
  betaflight: racer(new MavLinkProtocolV1(0, 200), { type: 2, autopilot: 0, baseMode: 0x81, customMode: 1 }, 5_000, 0),
  inav: racer(new MavLinkProtocolV2(1, 250), { type: 1, autopilot: 3, baseMode: 0x81, customMode: 11 }, 4_290_000, 15_800),
};
process.stdout.write(JSON.stringify(flights));
