"""Time stamps of MAVLink messages: the UTC of every row and event of one vehicle.

A vehicle's messages carry a time since boot, or none. SYSTEM_TIME says what UTC it was at a time since boot. The
gateway knows when a message arrived. From these three, `Timestamper` gives each row and event its UTC; one exists per
vehicle, and nothing in this package reads a clock: arrival times and "now" are arguments, so that the same bytes give
the same stamps, live and from a log.

Parts
    clock           `BootClock` unwraps times since boot and recognises a reboot; `UtcMap` and `HostMap` map them to UTC
    clock_choice    `ClockSelector` decides which clock stamps rows; `HoldPolicy` bounds how long they may wait
    pending         messages without a time yet, and with one
    series_buffers  rows of one kind, gathered by column until the next `flush`; times are unique within each
    stamp_units     `StampUnits` recognises stamps in microseconds where MAVLink has milliseconds
    interleaving    `ClockInterleaveDetector` recognises two vehicles that send as one
    timestamper     puts these together

Time of a message
    With a stamp of its own: that time since boot, unwrapped (32-bit milliseconds, microseconds that wrap after 71.6
    minutes, or microseconds that may also be UTC). Without one: the time since boot of the last message that had one.

Which clock
    gps      the vehicle's UTC, once it has had a 3D fix
    rtc      the vehicle's UTC, never confirmed by a fix
    ntp      the gateway's clock, where a time server disciplines it and the vehicle's UTC is missing or more than 1 s
             away (event `clock_disagrees`); time since boot still gives the spacing
    arrival  when the message arrived; the last resort

What is held, and until when
    Rows and events are held, in order, while the clock is in doubt:
    - no UTC yet, or a UTC but no fix yet: until both are known, or the bound of `HoldPolicy` passes (10 s on a live
      link, the end of a file). Then they are stamped by rtc, or by arrival. A UTC that comes later counts from then on
      (event `clock_found`); nothing already stamped changes.
    - the UTC of a SYSTEM_TIME is more than 0.5 s off the map: one may be damaged. Three in a row that agree are a clock
      step: a new segment begins (event `clock_step`), and rows held meanwhile get the new time.
    - time since boot fell by more than 1 s: three falls in a row are a reboot. Rows held before the fall get what the
      old session knew; the new session (event `reboot`) waits for its own UTC. A fall that the next message does not
      confirm was a late message, which keeps its own time.
    - after a silence of 5 s, time since boot and arrival differ by more than 2 s, or time since boot jumped 5 s ahead:
      until the next SYSTEM_TIME confirms the map or makes a step.

Release
    Events leave as soon as they are stamped. Rows are gathered and leave by column at the next `flush`. Within a series
    times are unique and rise, except of a late message; a repeated message is counted and left out.

Two vehicles that send under one system id show as times since boot that jump ahead and fall back in turns.
`Timestamper.interleaved` reports it; the fleet then splits the vehicle in two and discards what is held.
"""
