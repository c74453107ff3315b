"""Catalogue of the faults by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from station.simulation.faults import disks, lines, processes, station
from station.simulation.faults.context import Fault

#: The faults by name.
FAULTS: Final[Mapping[str, Fault]] = {
    "kill-gateway": processes.kill_gateway,
    "kill-gateway-in-append": processes.kill_gateway_in_append,
    "kill-gateway-in-turn": processes.kill_gateway_in_turn,
    "cut-power": processes.cut_power,
    "cut-power-in-append": processes.cut_power_in_append,
    "freeze-gateway": processes.freeze_gateway,
    "cut-link": lines.cut_link,
    "take-link-down": lines.take_link_down,
    "silence-link": lines.silence_link,
    "flap-link": lines.flap_link,
    "slow-link": lines.slow_link,
    "cut-ingest-link": lines.cut_ingest_link,
    "kill-broker": processes.kill_broker,
    "stop-broker": processes.stop_broker,
    "forget-broker": processes.forget_broker,
    "repeat-messages": processes.repeat_messages,
    "kill-ingest": processes.kill_ingest,
    "kill-ingest-before-commit": processes.kill_ingest_before_commit,
    "kill-ingest-after-commit": processes.kill_ingest_after_commit,
    "freeze-ingest": processes.freeze_ingest,
    "fail-store": processes.fail_store,
    "restore-store": processes.restore_store,
    "step-clock": processes.step_clock,
    "full-disk": disks.trouble_disk("full"),
    "write-errors": disks.trouble_disk("write error"),
    "disk-errors": disks.trouble_disk("error"),
    "lying-disk": disks.lying_disk,
    "copy-card": disks.copy_card,
    "restore-spool": disks.restore_spool,
    "flip-log": disks.flip_log,
    "shorten-log": disks.shorten_log,
    "delete-log": disks.delete_log,
    "flip-spool": disks.flip_spool,
    "delete-spool": disks.delete_spool,
    "delete-spool-in-use": disks.delete_spool_in_use,
    "rename-gateway": disks.rename_gateway,
    "cut-power-with-backlog": disks.cut_power_with_backlog,
    "lose-quarantine": station.lose_quarantine,
    "lose-registry": station.lose_registry,
    "restore-station": station.restore_station,
    "refuse-old": station.refuse_old,
    "step-station-clock": station.step_station_clock,
    "expire": station.expire,
}
