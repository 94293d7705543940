"""Storage goes wrong: broken, full, read-only, and yet nothing is lost and keepcool starts."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.clock import Instant
from daemon.demo.fake_home_assistant import FakeHomeAssistant, Push
from daemon.journal import Journal
from daemon.migrations import StoreError
from daemon.outbox import RowState
from daemon.records import ActionToken, Changes, Drink, HistoryRow
from daemon.rescue import (
    BACKUP_NAME,
    RESERVE_NAME,
    give_up_reserve,
    open_database,
    write_backup,
)
from daemon.store import DATABASE_NAME, Store, open_read_only
from policies.alert import AlertKey, AlertPhase, Verb
from tests.broker import Mosquitto
from tests.builders import an_alert
from tests.daemon.test_store import a_row
from tests.daemon_process import TOKEN, DaemonProcess
from tests.loop_home import LoopHome
from tests.mqtt_client import TestClient
from tests.waiting import wait_until

UTC_NOW = datetime(2026, 7, 14, 13, 0, tzinfo=UTC)
NOW = Instant("boot-1", 1000.0, UTC_NOW)
HEADER_BYTES = 100


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Return a state directory that is writable again afterwards."""
    state = tmp_path / "state"
    state.mkdir()
    yield state
    state.chmod(0o750)


def fill(folder: Path, drinks: int = 200) -> None:
    """Leave a database with an alert and drinks, and its backup."""
    store = Store(folder / DATABASE_NAME)
    store.commit(Changes(alerts=[an_alert()], drinks=[a_drink(n) for n in range(drinks)]), NOW)
    write_backup(store, folder, UTC_NOW)
    store.close()


def a_drink(number: int) -> Drink:
    """Return a drink of 200 ml."""
    return Drink(f"d{number}", "anna", UTC_NOW - timedelta(minutes=number), 200, "command")


def break_pages(path: Path) -> None:
    """Write nonsense over everything but the header, as a dying card does."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(HEADER_BYTES)
        file.write(b"\xa5" * (size - HEADER_BYTES))


@pytest.mark.parametrize("damage", ["pages", "no_database", "one_page_of_drinks"])
def test_fault_60_broken_database_is_moved_aside_and_the_backup_used(
    folder: Path, damage: str
) -> None:
    """A broken file is kept under another name, the backup serves, and its alerts live on."""
    fill(folder)
    path = folder / DATABASE_NAME
    if damage == "pages":
        break_pages(path)
    elif damage == "no_database":
        path.write_bytes(b"these are somebody's holiday pictures" * 50)
    else:
        data = bytearray(path.read_bytes())  # nothing but a look at the whole file would find it
        page = data.index(b"d150anna") // 1024
        data[page * 1024 : (page + 1) * 1024] = b"\xff" * 1024
        path.write_bytes(bytes(data))
    opened = open_database(folder, None, UTC_NOW)
    with closing(opened.store):
        assert [alert.key for alert in opened.store.load_alerts(NOW)] == [an_alert().key]
        assert len(opened.store.load_drinks(UTC_NOW - timedelta(days=1))) == 200
    assert "backup of" in (opened.trouble or "")
    assert list(opened.link_trouble) == ["database"]
    assert (folder / "corrupt-20260714T130000Z.sqlite3").exists()


def test_fault_60_without_a_backup_a_new_database_is_begun(folder: Path) -> None:
    """Keepcool never refuses to start; what was broken can still be looked at."""
    (folder / DATABASE_NAME).write_bytes(b"x" * 5000)
    (folder / BACKUP_NAME).write_bytes(b"y" * 5000)
    opened = open_database(folder, None, UTC_NOW)
    with closing(opened.store):
        opened.store.commit(Changes(alerts=[an_alert()]), NOW)
        assert opened.store.load_alerts(NOW)
    assert "a new one was begun" in (opened.trouble or "")


def test_fault_61_newer_database_is_refused_and_left_alone(folder: Path) -> None:
    """A newer file is no broken one: it is not moved, and the words say what to do."""
    fill(folder)
    with closing(sqlite3.connect(folder / DATABASE_NAME)) as connection:
        connection.execute("PRAGMA user_version=99")
    with pytest.raises(StoreError, match="newer keepcool"):
        open_database(folder, None, UTC_NOW)
    assert not list(folder.glob("corrupt-*"))


def test_fault_56_reserve_is_kept_and_given_up_once(folder: Path) -> None:
    """A megabyte stands by for a full disk; it is made again at the next start."""
    open_database(folder, None, UTC_NOW).store.close()
    assert (folder / RESERVE_NAME).stat().st_size == 1024 * 1024
    assert give_up_reserve(folder)
    assert not give_up_reserve(folder)
    open_database(folder, None, UTC_NOW).store.close()
    assert (folder / RESERVE_NAME).exists()


def test_fault_56_oldest_samples_make_room_first(folder: Path) -> None:
    """On a full disk old readings give way to drinks, two weeks of them and the reserve stay."""
    store = open_database(folder, None, UTC_NOW).store
    old = [
        HistoryRow(UTC_NOW - timedelta(minutes=10 * n), "bedroom", 21.0, 40.0)
        for n in range(60 * 144, 0, -1)
    ]
    with closing(store):
        store.write_history(old, {"bedroom": "{}"})
        pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
        store._connection.execute(f"PRAGMA max_page_count={pages}")  # "database or disk is full"
        journal = Journal(store, lambda *_, **__: None)
        for number in range(300):
            assert journal.commit(Changes(drinks=[a_drink(number)]), NOW)
        kept = list(store.load_history(UTC_NOW - timedelta(days=70)))
    assert len(kept) < len(old)
    assert kept == old[-len(kept) :]  # the oldest went
    assert kept[0].at < UTC_NOW - timedelta(days=14)
    assert (folder / RESERVE_NAME).exists()


def test_fault_56_full_disk_takes_no_young_readings(folder: Path) -> None:
    """What the rooms did in the last two weeks is kept, however full the disk stays."""
    store = open_database(folder, None, UTC_NOW).store
    young = [
        HistoryRow(UTC_NOW - timedelta(minutes=10 * n), "bedroom", 21.0, 40.0)
        for n in range(13 * 144, 0, -1)
    ]
    with closing(store):
        store.write_history(young, {"bedroom": "{}"})
        for _ in range(30):
            store.shed_history(UTC_NOW)
        assert list(store.load_history(UTC_NOW - timedelta(days=70))) == young


def test_fault_56_years_do_not_fill_the_disk(memory_folder: Path) -> None:
    """After its first year the file grows no more, and nothing that lives is pruned."""
    store = Store(memory_folder / DATABASE_NAME)
    start = UTC_NOW - timedelta(days=800)
    first = Instant("boot-1", 0.0, start)
    live = AlertKey("trouble", "bedroom", 1)
    token = ActionToken("KEEPCOOL_LIVE", live, "anna", Verb.ON_IT)
    unsent = a_row("unsent", created=first)
    delivery: dict[tuple[str, str], str | None] = {("keepcool-trouble-bedroom-1", "anna"): "{}"}
    alert = an_alert(key=live)
    sizes, now = [], first
    with closing(store):
        store.commit(
            Changes([alert], [unsent], [token], leases={"ac": "{}"}, deliveries=delivery), first
        )
        for day in range(0, 800, 2):
            now = first.shifted(timedelta(days=day))
            store.write_history(
                [
                    HistoryRow(now.utc + timedelta(hours=hour), sensor, 21.0, 40.0)
                    for hour in range(48)
                    for sensor in ("bedroom", "living")
                ],
                {"bedroom": "{}", "living": "{}"},
            )
            store.commit(a_day(day, now), now)
            store.prune(now.utc)
            sizes.append(store._connection.execute("PRAGMA page_count").fetchone()[0])
        assert sizes[-1] <= sizes[210] * 1.02
        assert [each.key for each in store.load_alerts(now)] == [live]
        assert [row.row_id for row in store.load_outbox()] == ["unsent"]
        assert store.find_token("KEEPCOOL_LIVE") == (token, False)
        assert (store.load_leases(), store.load_deliveries()) == ({"ac": "{}"}, delivery)
        assert set(store.load_memory()) == {"person:anna"}


def a_day(day: int, now: Instant) -> Changes:
    """Return what a hot day leaves behind: ended alerts, sent messages, buttons, drinks."""
    changes = Changes(memory={"person:anna": str(day)})
    for number in range(4):
        key = AlertKey("heat", "anna", day * 4 + number + 1)
        changes.alerts.append(an_alert(key=key, phase=AlertPhase.RESOLVED))
        name = f"{day}-{number}"
        changes.outbox.append(a_row(name, created=now, state=RowState.SENT))
        changes.tokens.append(ActionToken(f"KEEPCOOL_{name}", key, "anna", Verb.ON_IT))
        changes.drinks.append(Drink(name, "anna", now.utc, 200, "button"))
    return changes


def test_fault_60_of_broken_databases_three_are_kept(folder: Path) -> None:
    """A card that breaks the file again and again is not filled with what it broke."""
    for hour in range(6):
        (folder / DATABASE_NAME).write_bytes(b"holiday pictures" * 500)
        open_database(folder, None, UTC_NOW + timedelta(hours=hour)).store.close()
    kept = sorted(path.name for path in folder.glob("corrupt-*"))
    assert kept == [f"corrupt-20260714T{hour}0000Z.sqlite3" for hour in (16, 17, 18)]


def test_fault_56_failed_backup_leaves_nothing_behind(folder: Path) -> None:
    """Half a backup is removed, and the backup of the day before stays."""
    fill(folder)
    before = (folder / BACKUP_NAME).read_bytes()
    store = Store(folder / DATABASE_NAME)
    with closing(store):
        store._connection.execute("DROP TABLE delivery")
        store._connection.execute("CREATE TABLE delivery (unknown TEXT)")
        with pytest.raises(sqlite3.Error):
            write_backup(store, folder, UTC_NOW)
    assert (folder / BACKUP_NAME).read_bytes() == before
    assert not list(folder.glob(f"{BACKUP_NAME}.new*"))


def test_without_a_memory_file_system_the_process_s_own_memory_serves(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no runtime directory is given, alerts are kept in memory, and no file is left about."""
    monkeypatch.chdir(folder)
    (folder / DATABASE_NAME).mkdir()  # nothing that SQLite could open
    opened = open_database(folder, None, UTC_NOW)
    with closing(opened.store):
        opened.store.commit(Changes(alerts=[an_alert()]), NOW)
        assert opened.is_in_memory
        assert list(opened.link_trouble) == ["storage"]
        assert len(opened.store.load_alerts(NOW)) == 1
        Journal(opened.store, print).back_up(NOW)
    assert [path.name for path in folder.iterdir()] == [DATABASE_NAME]


def test_backup_leaves_out_history_and_what_ended_long_ago(folder: Path) -> None:
    """A backup holds what cannot be measured again, and stays small."""
    store = Store(folder / DATABASE_NAME)
    old = Instant("boot-1", 1.0, UTC_NOW - timedelta(days=30))
    ended = an_alert(phase=AlertPhase.RESOLVED, clearing_for=timedelta(0))
    store.commit(Changes(alerts=[ended]), old)
    store.commit(Changes(drinks=[a_drink(1)]), NOW)
    write_backup(store, folder, UTC_NOW)
    store.close()
    with closing(sqlite3.connect(folder / BACKUP_NAME)) as backup:
        assert backup.execute("SELECT count(*) FROM alert").fetchone() == (0,)
        assert backup.execute("SELECT count(*) FROM drink").fetchone() == (1,)
    assert not (folder / f"{BACKUP_NAME}.new").exists()


def test_fault_58_old_connection_stays_while_there_is_no_new_one(folder: Path) -> None:
    """Where not even a new connection can be had, later attempts are made on the old one."""
    store = Store(folder / DATABASE_NAME)
    path, store.path = store.path, folder / "absent" / DATABASE_NAME
    with closing(store):
        with pytest.raises(sqlite3.OperationalError):
            store.reopen()
        store.path = path
        store.commit(Changes(drinks=[a_drink(1)]), NOW)
        assert len(store.load_drinks(UTC_NOW - timedelta(days=1))) == 1


def test_fault_57_failing_card_is_said_and_keeps_no_alert_in_the_house(tmp_path: Path) -> None:
    """While the disk takes nothing a hot room is told at once, and the card after a minute."""
    home = LoopHome(tmp_path)
    home.break_disk()
    home.read(30.0)
    assert len(home.phone.about("heat")) == 1
    home.run(120)
    (trouble,) = home.phone.about("trouble")
    assert trouble.title == "Check keepcool's memory card"
    assert "I go on from memory: warnings still come." in trouble.body
    home.break_disk(is_broken=False)
    home.run(60)
    assert not [tag for tag in home.phone.shown() if tag.startswith("keepcool-trouble")]
    assert home.rows("SELECT count(*) FROM outbox WHERE tag LIKE 'keepcool-heat-%'") == [(1,)]


def test_fault_58_failed_commit_is_tried_on_a_new_connection(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an I/O error the very next attempt is made on a connection that knows nothing of it."""
    store = Store(folder / DATABASE_NAME)
    journal = Journal(store, lambda *_, **__: None)
    first = store._connection
    commit = store.commit

    def fail_on_the_first(changes: Changes, now: Instant) -> None:
        if store._connection is first:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            raise error
        commit(changes, now)

    monkeypatch.setattr(store, "commit", fail_on_the_first)
    with closing(store):
        assert journal.commit(Changes(drinks=[a_drink(1)]), NOW)
        assert len(store.load_drinks(UTC_NOW - timedelta(days=1))) == 1


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_fault_58_failed_sync_is_tried_on_a_new_connection(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    """When every seventh sync of the disk fails, alerts arrive once and are known afterwards."""
    tracer = ("strace", "-f", "-qq", "-o", str(tmp_path / "strace.log"), "-e", "trace=fdatasync")
    failing = ("-e", "inject=fdatasync:error=EIO:when=3+7")
    with FakeHomeAssistant(token=TOKEN) as house, TestClient(mosquitto.port) as mqtt:
        daemon = DaemonProcess(
            tmp_path,
            mosquitto.port,
            home_assistant_url=house.url,
            program=(*tracer, *failing, sys.executable, "-m", "daemon.cli"),
        )
        Store(daemon.state / DATABASE_NAME).close()  # else the first start alone syncs ten times
        with daemon:
            mqtt.subscribe("keepcool/#")
            wait_until(lambda: mqtt.last("keepcool/test-home/status") == "online", 30.0)
            wait_until(lambda: house.connected, 20.0, what="the event stream")
            mqtt.publish("zigbee2mqtt/living_room", '{"temperature": 36.0, "humidity": 40}')
            wait_until(lambda: heat(house), 20.0, what="the alert")
            house.press(heat(house)[0], 0)
            wait_until(lambda: acknowledged(daemon.state / DATABASE_NAME), 20.0, what="the answer")
        syncs = (tmp_path / "strace.log").read_text()
    assert "EIO" in syncs, syncs[-2000:]
    assert len({push.tag for push in heat(house)}) == len(heat(house)) == 1


def heat(house: FakeHomeAssistant) -> list[Push]:
    """Return the heat messages that arrived."""
    pushes = list(house.pushes)
    return [push for push in pushes if not push.is_clear and push.tag.startswith("keepcool-heat-")]


def acknowledged(path: Path) -> bool:
    """Return whether the database knows an acknowledged alert."""
    with closing(open_read_only(path)) as connection:
        rows = connection.execute("SELECT 1 FROM alert WHERE phase='acknowledged'").fetchall()
    return bool(rows)
