"""Places of the tests of plans."""

from zoneinfo import ZoneInfo

from headland.analysis.greenhouse.house import HouseLocation

WUHAN = HouseLocation(ZoneInfo("Asia/Shanghai"), True, 30.55, 114.35, 23.0)
