"""Report for `keepcool check --online` every road by which somebody is told."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from daemon.check_rows import PROBE_ERRORS, CheckRow, Status, tried, words
from daemon.check_subjects import CheckSubjects, Probes
from policies.model import Carer, Person, Phone


def service_rows(subjects: CheckSubjects, probes: Probes) -> Iterator[CheckRow]:
    """Report every phone's notify service."""
    phones: list[tuple[str, str, Phone]] = [
        (f"phone of {owner.name}", _id_of(owner), phone)
        for owner in subjects.told
        for phone in owner.phones
    ]
    for person in subjects.people:
        if not person.phones:
            fix = f"add a [[person.phone]] for {person.name}"
            yield CheckRow(f"phone of {person.name}", Status.RED, "there is none", fix)
    if not phones:
        return
    try:
        known = probes.fetch_services().get("notify", frozenset())
    except PROBE_ERRORS as err:
        yield CheckRow("phones", Status.RED, words(err), "check again in a minute")
        return
    for name, owner_id, phone in phones:
        if phone.service in known:
            what = f"notify.{phone.service} is there; try it: keepcool test-alert {owner_id}"
            yield CheckRow(name, Status.OK, what)
            continue
        close = get_close_matches(phone.service, sorted(known), n=1)
        fix = (
            f"did you mean notify.{close[0]}?"
            if close
            else "open the Home Assistant app on the phone and allow notifications there"
        )
        what = f"Home Assistant has no notify.{phone.service}"
        yield CheckRow(name, Status.RED, what, fix)


def _id_of(owner: Person | Carer) -> str:
    return owner.person_id if isinstance(owner, Person) else owner.carer_id


def second_road_rows(subjects: CheckSubjects, probes: Probes) -> Iterator[CheckRow]:
    """Report each road that is left when Home Assistant is down; a person without one is red."""
    for owner in subjects.told:
        name = f"second road of {owner.name}"
        for channel_id in owner.second_roads:
            yield _try_road(name, _id_of(owner), channel_id, probes)
        if isinstance(owner, Person) and not owner.second_roads:
            what = "there is none: if Home Assistant is down nothing reaches them"
            fix = f"add a [[person.second_road]] for {owner.name}; until then agree a daily call"
            yield CheckRow(name, Status.RED, what, fix)


def _try_road(name: str, owner_id: str, channel_id: str, probes: Probes) -> CheckRow:
    """Try one second road; that its server answers does not mean that a message arrives."""
    row = tried(
        name,
        lambda: probes.try_second_road(channel_id),
        "see that this machine reaches the internet and that the address in its file is right",
    )
    if row.status is not Status.OK:
        return row
    hint = f"{row.what}; try it: keepcool test-alert {owner_id} --second-road"
    return CheckRow(row.name, row.status, hint)


def carer_rows(subjects: CheckSubjects) -> Iterator[CheckRow]:
    """Report who is told when a person does not answer."""
    people = {person.person_id: person.name for person in subjects.people}
    for person_id, name in people.items():
        carers = [carer for carer in subjects.carers if person_id in carer.people]
        if not carers:
            what = "there is none: nobody else is told when they do not answer"
            fix = "add a [[carer]] with a phone or a second road"
            yield CheckRow(f"carer of {name}", Status.WARNING, what, fix)
    for carer in subjects.carers:
        if not carer.phones and not carer.second_roads:
            fix = "add a [[carer.phone]] or a [[carer.second_road]]"
            yield CheckRow(f"carer {carer.name}", Status.RED, "keepcool cannot reach them", fix)
        else:
            names = ", ".join(people[person_id] for person_id in carer.people)
            what = f"is told when {names} does not answer"
            yield CheckRow(f"carer {carer.name}", Status.OK, what)


def heartbeat_rows(probes: Probes) -> Iterator[CheckRow]:
    """Report the service that notices when keepcool itself is silent."""
    if probes.try_heartbeat is None:
        what = "there is none: if keepcool dies or the power fails, nobody is told"
        fix = "add [heartbeat]; docs/heartbeat.md says how"
        yield CheckRow("heartbeat", Status.WARNING, what, fix)
    else:
        fix = "see that this machine reaches the internet and that the address in its file is right"
        yield tried("heartbeat", probes.try_heartbeat, fix)
