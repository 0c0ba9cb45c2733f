# call: f("2024-07-01T12:00:00") == ["2024-07-01T14:00:00+02:00", "2024-07-01T08:00:00-04:00"]
# verdict: pass
import datetime
import zoneinfo


def f(text):
    when = datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc)
    zones = ("Europe/Berlin", "America/New_York")
    return [when.astimezone(zoneinfo.ZoneInfo(zone)).isoformat() for zone in zones]
