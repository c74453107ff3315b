"""MAVLink vehicles as a source: from the bytes of a link, or of a recording, to rows and events.

The steps of a message, one part for each; every part returns its result:

1. `link`                    bytes by peer, with their arrival       `LinkReader.take`
2. `protocol.decoder`        bytes to frames                         `FrameDecoder.read`
3. `vehicle.fleet`           each frame to its vehicle               `Fleet.read`, `SenderSplit`
4. `vehicle.dispatcher`      a message to its handler                `MessageHandler`: values, or effects
5. `timing.timestamper`      values get their UTC                    `Timestamper.add_row`, `flush` (see `timing`)
6. `mapping.rows`            values of many messages to columns      `RowKind.runs`
7. `vehicle.device_output`   columns and events get their device     `DeviceOutput.convert`
8. `source`                  outputs to the gateway's pipeline       `deliver`

`vehicle.vehicle` connects steps 4 to 7 for one vehicle. `requests` asks vehicles for messages, `spray` reads what they
report about spraying. Recordings of links (`edge.imports.mavlink_log`) enter at step 2.
"""
