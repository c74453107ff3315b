"""Recordings of MAVLink links: .tlog, and dumps without time stamps (.rlog, .raw)."""
