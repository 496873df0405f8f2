"""An independent judge of the controls that matter most: written from their specification, not from the SQL.

It reads the bodies of every snapshot in plain Python and says what each subject's status has to be. Where the
specification leaves a status open, the verdict is UNSETTLED and nobody compares it; the comment beside says what is
open. A disagreement with the SQL is a fault of one of the two: the text decides of which, never the other's answer.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from tests.sightings import GOING, HOUR, IN_FLIGHT, SERVER, SKEW, Point, Reading, Row, Scope, days, hours

PASS, FAIL, UNKNOWN, NOT_APPLICABLE, UNSETTLED = "pass", "fail", "unknown", "not_applicable", "unsettled"
# Where the text leaves open which, but not that it is no pass, or no failure.
NOT_PASS, NOT_FAIL = "not pass", "not fail"

PROTECTION_LOST, DELETED_EARLY = "resource-protection-lost", "recovery-point-deleted-early"
SHORTENED, RETENTION = "retention-shortened", "backup-retention-minimum"
COMPLETE, OFFSITE = "server-backup-complete", "resource-offsite-copy"
GAP, RECENT = "recovery-gap-within-rpo", "resource-recent-recovery-point"
CONTROLS = (PROTECTION_LOST, DELETED_EARLY, SHORTENED, RETENTION, COMPLETE, OFFSITE, GAP, RECENT)


@dataclass(frozen=True)
class Policy:
    """What a policy may set of what these controls ask, with its defaults."""

    rpo_hours: int = 24
    grace_hours: int = 2
    attainment_percent: float = 99.0
    min_retention_days: int = 30
    offsite: str = "required"
    offsite_rpo_hours: int = 168
    require_verified_copy: bool = False
    timestamp_tolerance_seconds: int = 3600
    max_scope_lag_hours: int = 26
    gap_window_days: int = 30
    deletion_window_days: int = 30
    look_back_days: int = 90


class Verdict(NamedTuple):
    """A status, and the class of the disappearance where the text names one."""

    status: str
    code: str | None = None
    optional: bool = False  # whether the row may be missing


def judge(readings: Iterable[Reading], policy: Policy) -> dict[tuple[str, str, str], Verdict]:
    """Return what each subject's status has to be at the newest complete snapshot of its scope."""
    by_scope: dict[str, list[Reading]] = {}
    for reading in readings:
        by_scope.setdefault(reading.scope, []).append(reading)
    scopes = {name: Scope(name, rows) for name, rows in by_scope.items() if any(row.complete for row in rows)}
    verdicts = {}
    for name, scope in scopes.items():
        for control, subject, verdict in judge_scope(scope, scopes, policy):
            verdicts[control, name, subject] = verdict
    return verdicts


def judge_scope(scope: Scope, scopes: dict[str, Scope], policy: Policy) -> Iterator[tuple[str, str, Verdict]]:
    for backup in scope.now.values():
        yield RETENTION, backup.id, retention_minimum(backup, scope, policy)
        yield COMPLETE, backup.id, server_complete(backup, scope)
    yield from deleted_early(scope, policy)
    for subject in scope.resources() | scope.disks.keys():
        copies_only, is_disk = scope.only_copies(subject), subject not in scope.resources()
        if copies_only and not scope.is_named(subject):
            continue  # B.1: replicas never count as a resource of their own, and these are gone
        other = Verdict(NOT_APPLICABLE)  # judged at its source; a disk's points are parts of its server's
        yield RECENT, subject, recent(subject, scope, scopes, policy)
        yield PROTECTION_LOST, subject, protection_lost(subject, scope, policy)
        yield SHORTENED, subject, other if is_disk else shortened(subject, scope, policy)
        yield OFFSITE, subject, other if is_disk else offsite(subject, scope, scopes, policy)
        yield GAP, subject, other if copies_only else gap(subject, scope, policy)


def recent(resource: str, scope: Scope, scopes: dict[str, Scope], policy: Policy) -> Verdict:
    """Control 1: the newest moment over dependable points of its own, replicas aside, is within RPO and grace."""
    moments = [
        point.last.moment
        for point in scope.points_of(resource)
        if scope.is_there(point) and point.sightings[-1].dependable
    ]
    if any(moment >= scope.as_of - hours(policy.rpo_hours + policy.grace_hours) for moment in moments):
        return Verdict(PASS)
    if scope.hidden_disks(resource, ever=False):
        return Verdict(UNKNOWN)  # A.1 #5: details of a backup that may hold it were not read
    if scope.only_copies(resource):
        # "replica vault project: not applicable", "only replicas left -> fail": it is left alone where its source
        # is read and has no dependable point any more.
        others = [other for other in scopes.values() if other is not scope and other.points_of(resource)]
        lost = others and not any(
            other.is_there(point) and point.sightings[-1].dependable
            for other in others
            for point in other.points_of(resource)
        )
        if lost and resource in scope.disks:
            return Verdict(UNSETTLED)  # said of resources; of a disk within a copy it is not
        return Verdict(FAIL if lost else NOT_APPLICABLE)
    return Verdict(FAIL)


def protection_lost(resource: str, scope: Scope, policy: Policy) -> Verdict:
    """Control 25: had a dependable point within 90 d, has none now, and may still exist: fail.

    It keeps a resource in the report after its last point vanished, expired, broke or is being deleted (F5).
    """
    points = scope.points_of(resource)
    if any(scope.is_there(point) and point.sightings[-1].dependable for point in points):
        return Verdict(PASS)
    if scope.hidden_disks(resource, ever=False):
        return Verdict(UNKNOWN)
    since = scope.as_of - days(policy.look_back_days)
    for point in points:
        for sighting in point.sightings:
            expires = sighting.row.expires
            if sighting.usable and sighting.as_of >= since and (expires is None or expires > since):
                return Verdict(FAIL)
    return Verdict(NOT_APPLICABLE)


def retention_minimum(backup: Row, scope: Scope, policy: Policy) -> Verdict:
    """Control 2: from created_at to expired_at, less the tolerance; not usable is not applicable."""
    if not backup.usable:
        return Verdict(NOT_APPLICABLE)
    if backup.expires is None:
        # manual_kept passes; count_or_permanent, and what nobody can tell, is unknown without policies.
        return Verdict(PASS if backup.auto is False else UNKNOWN)
    if not backup.dependable(scope.as_of):
        return Verdict(UNSETTLED)  # "each dependable point", yet only "not usable" is said to be not applicable
    kept = backup.expires - backup.created + timedelta(seconds=policy.timestamp_tolerance_seconds)
    return Verdict(PASS if kept >= days(policy.min_retention_days) else FAIL)


def server_complete(backup: Row, scope: Scope) -> Verdict:
    """Control 8, each dependable server point; with H: no disk that a point before had may be missing."""
    if backup.type != SERVER or not backup.dependable(scope.as_of):
        return Verdict(NOT_APPLICABLE)
    if not backup.loaded:
        return Verdict(UNKNOWN)
    disks = backup.children
    # Decided: a disk past its own expiry is not complete.
    sound = bool(disks) and all(disk.dependable(scope.as_of) and disk.checkpoint == backup.checkpoint for disk in disks)
    system = backup.info.get("contain_system_disk") is True or any(
        disk.info.get("bootable") or disk.info.get("system_disk") for disk in disks
    )
    if not sound or not system or dropped_disks(backup, scope):
        return Verdict(FAIL)
    return Verdict(PASS)


def dropped_disks(backup: Row, scope: Scope) -> set[str]:
    """Control 8, with H. Decided: a dropped disk keeps failing on every later point that lacks it.

    Decided: a disk that is seen in another server's later point was moved, not dropped.
    """
    here = {disk.resource for disk in backup.children}
    dropped = set()
    for disk, moments in scope.held[backup.resource, backup.replica].items():
        before = [moment for moment in moments if moment < backup.moment]
        others = [moment for server, moment in scope.newest_with[disk].items() if server != backup.resource]
        if before and disk not in here and not any(moment > max(before) for moment in others):
            dropped.add(disk)
    return dropped


def deleted_early(scope: Scope, policy: Policy) -> Iterator[tuple[str, str, Verdict]]:
    """Control 21: every backup lost within the window, by the classes of B.2."""
    since = scope.as_of - days(policy.deletion_window_days)
    for number in range(1, len(scope.readings)):
        before, after = scope.readings[number - 1], scope.readings[number]
        if after.as_of < since:
            continue
        for backup_id, row in scope.seen[number - 1].items():
            if backup_id in scope.seen[number] or backup_id in scope.now:
                continue
            verdict = disappearance(scope, number, row)
            # When it went lies between two readings: whether that is within the window may be open.
            if before.as_of < since:
                verdict = verdict._replace(optional=True)
            yield DELETED_EARLY, backup_id, verdict


def disappearance(scope: Scope, number: int, row: Row) -> Verdict:
    """B.2: the first class that matches. Rules of policies are not loaded here."""
    point, missed_by = scope.backups[row.id], scope.readings[number]
    was_usable = any(sighting.usable for sighting in point.sightings if sighting.reading < number)
    # Decided: available -> error -> gone is a loss of a usable point, not a cleanup.
    if not was_usable:
        failed = any(sighting.row.status == "error" for sighting in point.sightings)
        if row.status == "error" or row.status in IN_FLIGHT or (row.status in GOING and failed):
            return Verdict(PASS, "failed_or_inflight_cleanup")
        return Verdict(UNSETTLED)  # it was never seen but on its way out: whether it had failed is not known
    if row.expires is not None:
        # Decided: judged against the end of the reading that missed it plus clock_skew.
        gone = row.expires <= missed_by.ended_at + SKEW
        return Verdict(PASS, "expired") if gone else Verdict(FAIL, "deleted_early")
    if row.auto is False:
        return Verdict(FAIL, "manual_deleted")
    if row.auto is None:
        return Verdict(FAIL, "deleted_unexplained")  # no class but "the rest"
    return counted_out(scope, number, row)


def counted(rows: Iterable[Row], like: Row, *, all_of_them: bool = False) -> list[Row]:
    """Return what a rule by count counts: usable automatic points of a resource that have no expiry, oldest first."""
    same = [
        row
        for row in rows
        if row.resource == like.resource and row.replica == like.replica and row.auto and row.expires is None
    ]
    return sorted((row for row in same if row.usable or all_of_them), key=lambda row: (row.moment, row.id))


def counted_out(scope: Scope, number: int, row: Row) -> Verdict:
    """B.2: rotated_by_count, possible_gfs_thinning, deleted_unexplained, and rotation_faster_than_sampling."""
    # Whether a rule counts what is in error or being deleted is not said.
    verdicts = {count_out(scope, number, row, all_of_them=every) for every in (False, True)}
    return verdicts.pop() if len(verdicts) == 1 else Verdict(UNSETTLED)


def count_out(scope: Scope, number: int, row: Row, *, all_of_them: bool) -> Verdict:
    def at(reading: int) -> list[Row]:
        return counted(scope.seen[reading].values(), row, all_of_them=all_of_them)

    before, after = at(number - 1), at(number)
    if row not in before:
        return Verdict(FAIL, "deleted_unexplained")  # no usable point any more when it was last seen
    sampling = undersampled(scope, number, row)
    if sampling and not {other.id for other in before} & {other.id for other in after}:
        # One that stays as something else (dated since, in error) is no sign that the others were followed.
        return Verdict(UNSETTLED if any(other.id in scope.seen[number] for other in before) else sampling)
    known = {other.id for other in before}
    gone = [other for other in before if other.id not in scope.seen[number]]
    came = sum(other.id not in known for other in after)
    depths = [len(at(reading)) for reading in range(max(0, number - 3), number)]
    rising = len(depths) > 1 and all(left < right for left, right in pairwise(depths))
    oldest = gone == before[: len(gone)]
    if gone == before and len(after) >= min(depths):
        return Verdict(UNSETTLED)  # so goes what is kept by a count of one; "the newest never goes by any rule"
    if oldest and len(after) >= min(depths) and before[-1] not in gone:
        # Decided: never two at once while the depth stays over its steady value or rises; more than came is a loss.
        if len(gone) < 2 or len(gone) <= came:
            return Verdict(PASS, "rotated_by_count")
        # While it rises that cannot be told from the first trimming, which runs every other day (A.1 #10): open.
        steady = len(after) == min(depths) and not rising
        return Verdict(PASS, "rotated_by_count") if steady else Verdict(UNSETTLED)
    if oldest or row == before[-1]:
        return Verdict(FAIL, "deleted_unexplained")  # incl. any case where the newest dependable point went
    return thinned(row, after)


def thinned(row: Row, after: list[Row]) -> Verdict:
    """B.2: possible_gfs_thinning. Decided: it never takes a point while an older one of the same bucket stays."""

    def month(other: Row) -> tuple[int, int]:
        return other.moment.year, other.moment.month

    if not any(other.moment > row.moment and month(other) == month(row) for other in after):
        return Verdict(FAIL, "deleted_unexplained")
    older = [other for other in after if other.moment < row.moment]
    if any(other.moment.date() == row.moment.date() for other in older):
        return Verdict(FAIL, "deleted_unexplained")
    if any(month(other) == month(row) for other in older):
        return Verdict(UNSETTLED)  # "the same bucket" is not said: of the day it is another, of the month the same
    return Verdict(UNKNOWN, "possible_gfs_thinning")


def undersampled(scope: Scope, number: int, like: Row, spacing: timedelta | None = None) -> str | None:
    """B.2, last paragraph: UNKNOWN where max_backups x interval < spacing of two complete snapshots; else None."""
    before, after = counted(scope.seen[number - 1].values(), like), counted(scope.seen[number].values(), like)
    if not before or not after:
        return None
    spacing = spacing or scope.readings[number].as_of - scope.readings[number - 1].as_of
    steps = [later.moment - row.moment for rows in (before, after) for row, later in pairwise(rows)]
    if not steps:
        return UNSETTLED if before != after else None  # one is kept: its interval is nowhere to be seen
    interval = median_duration(steps)
    kept = max(len(before), len(after)) * interval
    if kept - interval / 2 > spacing:
        return None
    # Unknown by the letter, yet nothing can have come between where some stayed, or where each of them was seen.
    stayed = {row.id for row in before} & {row.id for row in after}
    followed = bool(stayed) or after[0].moment - before[-1].moment < 1.5 * interval
    return UNSETTLED if followed or kept + interval / 2 > spacing or len(after) < len(before) else UNKNOWN


def median_duration(durations: Iterable[timedelta]) -> timedelta:
    """Return the median, to the microsecond."""
    return timedelta(microseconds=median(duration // timedelta.resolution for duration in durations))


def shortened(resource: str, scope: Scope, policy: Policy) -> Verdict:
    """Control 22: (a) an expiry came nearer, (b) new automatic points live shorter, (c) dated became count."""
    since = scope.as_of - days(policy.deletion_window_days)
    backups = scope.backups_of(resource) + scope.backups_of(resource, replica=True)
    # The finding stays for deletion_window_days, whether the point is still there or not (F3).
    if any(came_nearer(point, since) for point in backups):
        return Verdict(FAIL)
    local = [point for point in backups if not point.last.replica]
    if not local:
        return Verdict(NOT_APPLICABLE)
    automatic = sorted((point for point in local if point.first.auto), key=lambda point: point.first.created)
    # Whether a life is what was told of a point first or last, and whether attempts that failed count, is not said.
    ended = [point for point in automatic if point.was_usable]
    rows = [[(point.first, point.last) for point in points] for points in (automatic, ended)]
    rows += [[(first, first) for first, _ in pairs] for pairs in rows]
    verdicts = {lives_shorter(pairs, since) for pairs in rows}
    return verdicts.pop() if len(verdicts) == 1 else Verdict(UNSETTLED)


def lives_shorter(automatic: list[tuple[Row, Row]], since: datetime) -> Verdict:
    """Control 22(b): new automatic points live less than 0.9 of the median of the previous 7; (c) dated -> count."""
    dated = [(first.created, row.expires - row.created) for first, row in automatic if row.expires]
    if not dated:
        return Verdict(NOT_FAIL)  # without any dated automatic point (b) says nothing
    verdict = Verdict(UNKNOWN, "baseline")
    for place, (created, life) in enumerate(dated):
        usual = [other for _, other in dated[max(0, place - 7) : place]]
        if created >= since and len(usual) >= 3:
            verdict = Verdict(PASS)
            if life < 0.9 * median_duration(usual):
                return Verdict(FAIL)
    return verdict if automatic[-1][1].expires else Verdict(UNKNOWN)  # unknown, whether a count is weaker


def came_nearer(point: Point, since: datetime) -> bool:
    """Control 22(a), by more than an hour, or null -> dated.

    Decided: compared with what was told for the point first, too, so that a creeping expiry is one.
    """
    first = point.first.expires
    for earlier, later in pairwise(point.sightings):
        old, new = earlier.row.expires, later.row.expires
        if later.as_of < since or new is None or old == new:
            continue
        if old is None or new < old - HOUR or (first is not None and new < first - HOUR and new < old):
            return True
    return False


def offsite(resource: str, scope: Scope, scopes: dict[str, Scope], policy: Policy) -> Verdict:
    """Control 4: a copy in another region, of a moment within offsite_rpo; where it is seen decides over its record."""
    local = scope.backups_of(resource)
    if not local or policy.offsite == "none":
        return Verdict(NOT_APPLICABLE)  # what only has copies here is judged at its source
    newest = max(local, key=lambda point: point.last.created).last
    if newest.type != SERVER or newest.info.get("contain_system_disk") is False:
        return Verdict(NOT_APPLICABLE)
    since = scope.as_of - hours(policy.offsite_rpo_hours)
    states = {state for point in local if point.last.moment >= since for state in copies(point, scope, scopes, policy)}
    states |= set(copies_alone(resource, since, scope, scopes, policy))
    if "verified" in states:
        return Verdict(PASS)
    if "unsettled" in states:
        return Verdict(UNSETTLED)
    if not states & {"claimed", "not_extracted"}:
        return Verdict(FAIL)
    if not policy.require_verified_copy:
        return Verdict(PASS)
    return Verdict(UNKNOWN if states <= {"not_extracted", "lost"} else NOT_PASS)


def copies(point: Point, scope: Scope, scopes: dict[str, Scope], policy: Policy) -> Iterator[str]:
    """Return the state of each copy of a point that is seen in another region, or that its records claim."""
    seen = set()
    for other in scopes.values():
        for copy in other.backups.values():
            sources = {record.get("source_backup_id") for record in copy.last.records}
            if copy.last.replica and point.id in sources:
                seen.add(copy.id)
                if other.region != scope.region:
                    yield state_of_copy(copy, other, scope, scopes, policy)
    for record, since in claims(point).values():
        if record["destination_backup_id"] not in seen and record["destination_region"] != scope.region:
            state = state_of_claim(record, since, scopes)
            # One snapshot is the control's input: whether the record of a backup that is gone claims on is not said.
            yield state if scope.is_there(point) or state == "lost" else "unsettled"


def copies_alone(
    resource: str, since: datetime, scope: Scope, scopes: dict[str, Scope], policy: Policy
) -> Iterator[str]:
    """Return the states of copies whose source was never seen; B.1: their own created_at stands for its moment."""
    for other in scopes.values():
        for copy in other.backups_of(resource, replica=True) if other.region != scope.region else ():
            sources = {record.get("source_backup_id") for record in copy.last.records}
            if copy.last.created >= since and not sources & scope.backups.keys():
                yield state_of_copy(copy, other, scope, scopes, policy)


def claims(point: Point) -> dict[str, tuple[dict[str, str], datetime]]:
    """Return the records of success that name a copy, and the reading that had each first."""
    found: dict[str, tuple[dict[str, str], datetime]] = {}
    for sighting in point.sightings:
        for record in sighting.row.records:
            if record["status"] == "success" and record.get("destination_backup_id"):
                found.setdefault(record["destination_backup_id"], (record, sighting.as_of))
    return found


def state_of_claim(record: dict[str, str], since: datetime, scopes: dict[str, Scope]) -> str:
    """Control 4: a copy that was never seen is claimed, until its place is read after its success was told."""
    place = record["destination_region"], record["destination_project_id"]
    read = [scope.as_of for scope in scopes.values() if (scope.region, scope.project) == place]
    if not read:
        return "not_extracted"
    return "lost" if max(read) >= since else "claimed"


def state_of_copy(copy: Point, place: Scope, scope: Scope, scopes: dict[str, Scope], policy: Policy) -> str:
    """Control 4: verified iff it is present and dependable where it is; gone or expired since is lost."""
    now = max(scope.as_of, place.as_of)
    newest = max(other.as_of for other in scopes.values())
    if not place.is_there(copy) or not copy.last.dependable(now):
        return "lost"
    if not all(disk.dependable(now) for disk in copy.last.children) or dropped_disks(copy.last, place):
        return "unsettled"  # not verified; whether a copy that is known to be incomplete is a claim is not said
    if newest - place.as_of > hours(policy.max_scope_lag_hours):
        return "claimed"  # not read for days: what is there today nobody knows (F7)
    return "verified"


def gap(resource: str, scope: Scope, policy: Policy) -> Verdict:
    """Control 23: the union of every point ever seen usable; exposure beyond the RPO within the window."""
    points = [point for point in scope.points_of(resource) if point.was_usable]
    if not points:
        return Verdict(NOT_PASS)  # nothing says what a resource is that never had a point
    moments = sorted({point.last.moment for point in points})
    broken = scope.as_of - moments[-1] > hours(policy.rpo_hours + policy.grace_hours)
    if not any(scope.is_there(point) for point in points):
        # All gone: an open gap by the letter, and told by resource-protection-lost already.
        return Verdict(NOT_PASS if broken else UNSETTLED)
    outcomes = {attains(moments, start, scope, policy) for start in window_starts(moments, points, scope, policy)}
    failing = broken or outcomes == {False}
    seen_enough = sampled(points, scope, policy)
    if seen_enough is not None:
        # What lies open until now is a breach, however little was seen before; the text puts neither first.
        # Unknown by the letter, too, where what was seen is enough already: more points make no gap longer.
        return Verdict(NOT_PASS if broken else NOT_FAIL if outcomes == {True} else seen_enough)
    if failing and scope.hidden_disks(resource, ever=True):
        return Verdict(UNKNOWN)
    if (len(outcomes) > 1 or None in outcomes) and not broken:
        return Verdict(UNSETTLED)
    return Verdict(FAIL if failing else PASS)


def window_starts(moments: list[datetime], points: list[Point], scope: Scope, policy: Policy) -> Iterator[datetime]:
    """Return where the window may begin: "at first_seen for young resources" may mean its moment or its reading.

    Decided: what is known only from a point older than the window begins at the first reading.
    """
    start = scope.as_of - days(policy.gap_window_days)
    if moments[0] < start:
        yield max(start, scope.readings[0].as_of)
    else:
        yield moments[0]
        yield max(start, min(point.sightings[0].as_of for point in points))


def attains(moments: list[datetime], start: datetime, scope: Scope, policy: Policy) -> bool | None:
    """Whether the share of the window that lies within the RPO is enough; None where it is too close to say."""
    exposed = timedelta()
    for earlier, later in zip(moments, [*moments[1:], scope.as_of], strict=True):
        if later - earlier > hours(policy.rpo_hours + policy.grace_hours):
            exposed += max(timedelta(), later - max(earlier + hours(policy.rpo_hours), start))
    window = scope.as_of - start
    if exposed == timedelta() or window <= timedelta():
        return exposed == timedelta()
    share = 100 * (1 - exposed / window)
    return None if abs(share - policy.attainment_percent) < 0.01 else share >= policy.attainment_percent


def sampled(points: list[Point], scope: Scope, policy: Policy) -> str | None:
    """Control 23 and B.2: UNKNOWN where points may have come and gone between two readings; None where they cannot."""
    start = scope.as_of - days(policy.gap_window_days)
    first = min(point.sightings[0].reading for point in points)
    automatic = [point for point in points if point.first.auto] or points
    lives, row = [point.life for point in automatic if point.life is not None], automatic[-1].sightings[-1].whole
    verdicts: set[str | None] = set()
    for number in range(max(1, first), len(scope.readings)):
        spacing = scope.readings[number].as_of - scope.readings[number - 1].as_of
        if scope.readings[number].as_of <= start:
            continue
        if lives and spacing > min(lives) - hours(2):
            # What lies before its first sighting is within the window only if that begins at its first moment.
            certain = spacing > max(lives) + hours(2) and number > first and len(lives) == len(automatic)
            verdicts.add(UNKNOWN if certain else UNSETTLED)
        if any(point.life is None for point in automatic):
            # Whether the count and the interval are those of then or those of now is not said.
            of_now = undersampled(scope, len(scope.readings) - 1, row, spacing)
            verdicts.add(UNSETTLED if of_now else undersampled(scope, number, row))
    return UNSETTLED if UNSETTLED in verdicts else UNKNOWN if UNKNOWN in verdicts else None
