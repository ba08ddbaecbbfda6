"""The probe: runs in a sidecar, waits until the container is ready, and prints what the kernel says.

This file, after `kernel.py`, `clock.py`, `asking.py` and `settling.py`, is sent as text to the sidecar's Python (3.10 or newer), so
they import nothing of Hullproof but each other, and little else: its start competes with the application's own. What
is printed is JSON, one object a line; a later one replaces an earlier one. After the last one it waits to be sent
SIGUSR1, and looks again, or SIGUSR2, and tells from then on of time that is lost to a busy machine (`lost_s`).

Arguments: what readiness is ("", an HTTP path or a TCP port), its deadline, the least end of the watch and its end for
one that has not settled by then, all in seconds of the container's age, the exposed ports ("5000/tcp,53/udp"), and one
more where no port is to be asked. Time that was lost does not count for the deadline and that end, up to a limit.
"""

# ruff: noqa: FBT001, FBT003 - `outcome(False, ...)` reads well
# ruff: noqa: PLR2004 - numbers of HTTP and columns of the kernel's tables

import json
import os
import signal
import sys
import time

from hullproof.engine.container.asking import ask, ask_datagram, outcome
from hullproof.engine.container.clock import INTERVAL_S, Clock
from hullproof.engine.container.kernel import (
    holders,
    is_loopback,
    listening,
    own_addresses,
    processes,
    table,
    unix_sockets,
)
from hullproof.engine.container.settling import SETTLES_IN_S, Doing

POLL_S = 0.015
POLL_SHARE = 0.02
"""Of the container's age: what is slow to start is looked at less often, and takes less of the processor for it."""
ASK_POLL_S = 0.1
ASK_TIMEOUT_S = 2.5
ASK_BUDGET_S = 8.0
CLOSED_RETRY_S = 1.0
GRACE_S = 1.0
WORKER_AGE_S = 3.0
MAX_ASKED = 24
PATIENCE = 3
"""After so many times its deadline it is late, and watched no longer, however much of that was lost."""


class Watch:
    """A watch over one container. `run` can be done again: what was waited for is there, or late, by then."""

    def __init__(
        self, ready: str, deadline: float, until: float, longest: float, exposed: set[tuple[str, int]]
    ) -> None:
        """Begin: seconds are those of the container's age, which is that of PID 1."""
        self.path = ready if ready.startswith("/") else ""
        self.port = int(ready) if ready.isdigit() else 0
        self.deadline = deadline
        self.until = until
        self.longest = longest
        self.exposed = exposed
        self.first_listening = 0.0
        self.asked = False
        self.asks = True
        self.addresses: list[str] = []
        self.clock = Clock()

    def goal(self) -> str:
        """Say what is waited for."""
        if self.path:
            return "GET " + self.path + " to give 2xx or 3xx"
        if self.port:
            return "a listener on " + str(self.port) + "/tcp"
        return "a listener on " + (named(self.exposed) if self.exposed else "any port")

    def look(self, found: list[dict[str, object]]) -> tuple[bool, str]:
        """Judge readiness: whether it is, and what was seen."""
        open_ports = {(str(one["protocol"]), int(str(one["port"]))) for one in found}
        seen = "listening on " + named(open_ports) if open_ports else "nothing listens"
        if self.path:
            return self.look_at_path(found, seen)
        if self.port:
            return ("tcp", self.port) in open_ports, seen
        if not open_ports:
            patient = not self.exposed and self.clock.is_past(WORKER_AGE_S)
            return patient, f"alive for {WORKER_AGE_S:g} s, and listens nowhere" if patient else seen
        missing = self.exposed - open_ports
        if not missing:
            return True, seen
        self.first_listening = self.first_listening or self.clock.had()
        # What is left of the watch is waited out in any case.
        late = self.clock.had() >= self.first_listening + GRACE_S and self.clock.age() >= self.until
        return late, seen + ", not on " + named(missing)

    def look_at_path(self, found: list[dict[str, object]], seen: str) -> tuple[bool, str]:
        """Ask for the path on each port that is listened on."""
        for port in sorted({int(str(one["port"])) for one in found if one["protocol"] == "tcp"}):
            for address in self.ways(port, found) or local_addresses(port, found):
                left = max(0.2, self.deadline - self.clock.had())
                answer = ask(address, port, self.path, min(ASK_TIMEOUT_S, left))
                self.asked = True
                seen = "port " + str(port) + ": " + str(answer["detail"])
                status = answer["status"]
                if isinstance(status, int) and 200 <= status < 400:
                    return True, "GET " + self.path + " on " + seen
        return False, seen

    def wait(self) -> tuple[bool, float, str]:
        """Wait until it is ready, or until the deadline: whether, at what age, and what was seen."""
        told = False
        while True:
            ready, seen = self.look(listening(self.exposed))
            age = self.clock.age()
            if ready or age >= PATIENCE * self.deadline or self.clock.is_past(self.deadline):
                return ready, age, seen
            if not told:
                # What is known of a container that dies before it is ready.
                say(self.record(False, None, seen, []))
                told = True
            time.sleep(ASK_POLL_S if self.asked else min(ASK_POLL_S, max(POLL_S, age * POLL_SHARE)))

    def ways(self, port: int, found: list[dict[str, object]], protocol: str = "tcp") -> list[str]:
        """Return the addresses on which others could reach a port."""
        ways = []
        for one in found:
            address = str(one["address"])
            if one["port"] != port or one["protocol"] != protocol or is_loopback(address):
                continue
            if address == "0.0.0.0":  # noqa: S104 - read from the kernel
                ways += [own for own in self.addresses if ":" not in own]
            else:
                ways += self.addresses if address == "::" else [address]
        return sorted(set(ways), key=ways.index)

    def answers(self, known: list[dict[str, object]]) -> list[dict[str, object]]:
        """Ask each port that is listened on or exposed, but for those that have answered already, and not with a failure."""
        if not self.asks:
            return []
        found = listening(self.exposed)
        ports = {(str(one["protocol"]), int(str(one["port"]))) for one in found} | self.exposed
        good = [
            one
            for one in known
            if one["answered"] and not is_failure(one) and (one["protocol"], one["port"]) in ports
        ]
        rest = sorted(ports - {(str(one["protocol"]), int(str(one["port"]))) for one in good})
        began = self.clock.age()
        return good + [self.answer(protocol, port, found, began) for protocol, port in rest[:MAX_ASKED]]

    def answer(
        self, protocol: str, port: int, found: list[dict[str, object]], began: float
    ) -> dict[str, object]:
        """Ask one port on all ways that lead to it, again while it may still be starting."""
        local = sorted(set(local_addresses(port, found, protocol)))
        if not local:
            return dict(outcome(False, "nothing listens on it"), protocol=protocol, port=port)
        said = outcome(False, "listens on " + ", ".join(local) + " only")
        ways = self.ways(port, found, protocol)
        if not ways and not all(map(is_loopback, local)):
            # A container without a network: the next best is that it would answer if it had one.
            ways = ["127.0.0.1"]
        first = self.clock.had()
        while True:
            for address in ways:
                left = ASK_TIMEOUT_S if self.clock.age() - began < ASK_BUDGET_S else 0.3
                said = (
                    ask_datagram(address, port)
                    if protocol == "udp"
                    else ask(address, port, self.path or "/", left)
                )
                if said["answered"]:
                    break
            patience = self.patience(str(said["detail"]), first)
            out_of_time = self.clock.age() >= PATIENCE * max(self.deadline, patience)
            if said["answered"] or not said["retry"] or out_of_time or self.clock.is_past(patience):
                return dict(said, protocol=protocol, port=port)
            time.sleep(ASK_POLL_S)

    def patience(self, detail: str, first: float) -> float:
        """Say up to when a port is asked again that was asked first at some time: what only a clock tells takes longest."""
        if "accepts no" in detail:
            return self.deadline
        slow = "silent" in detail or "reads nothing" in detail
        return first + (ASK_BUDGET_S if slow else CLOSED_RETRY_S)

    def record(
        self,
        ready: bool,
        age: float | None,
        seen: str,
        answers: list[dict[str, object]],
    ) -> dict[str, object]:
        """Gather all facts as they are now."""
        found = listening(self.exposed)
        running = processes()
        held = holders([one["pid"] for one in running])
        for one in found:
            one["pids"] = held.get(str(one.pop("inode")), [])
        return {
            "ready": ready,
            "ready_after_s": age if ready else None,
            "goal": self.goal(),
            "seen": seen,
            "had_s": self.clock.had(),
            "lost_s": self.clock.lost,
            "processes": running,
            "listeners": found,
            "answers": answers,
            "sockets": unix_sockets(table("unix")),
            "final": False,
        }

    def run(self) -> None:
        """Wait, ask, look, and look again at the end of the watch."""
        self.addresses = own_addresses()
        ready, age, seen = self.wait()
        answers = self.answers([])
        last = self.clock.age() >= self.until and not self.longest
        say(dict(self.record(ready, age, seen, answers), final=last))
        if not last:
            self.watch_on()
            ready_now, seen_now = self.look(listening(self.exposed))
            if not ready:
                ready, age, seen = ready_now, self.clock.age(), seen_now
            elif ready_now:
                seen = seen_now
            say(dict(self.record(ready, age, seen, self.answers(answers)), final=True))

    def watch_on(self) -> None:
        """Watch on to the least end and until it listens and does no more than that for a while, or to the longest."""
        longest, self.longest = self.longest, 0.0  # once: a later look waits for nothing
        time.sleep(max(0.0, self.until - (SETTLES_IN_S if longest else 0.0) - self.clock.age()))
        if not longest:
            return
        before, is_over = Doing(self.clock), False
        while not is_over:
            time.sleep(SETTLES_IN_S)
            now = Doing(self.clock)
            if self.clock.age() >= self.until and listening(self.exposed) and now.is_as_before(before):
                return
            is_over = self.clock.is_past(longest) or self.clock.age() >= PATIENCE * longest
            before = now

    def tell_what_is_lost(self) -> None:
        """Tell of time that is lost, until the container's end."""
        told = self.clock.lost
        while True:
            self.clock.count()
            if self.clock.lost != told:
                told = self.clock.lost
                say({"lost_s": told})
            time.sleep(INTERVAL_S)


def is_failure(answer: dict[str, object]) -> bool:
    """Whether a server says of itself that it failed: it may still be starting. 501 is one that knows no GET."""
    status = answer["status"]
    return isinstance(status, int) and status >= 500 and status != 501


def local_addresses(port: int, found: list[dict[str, object]], protocol: str = "tcp") -> list[str]:
    """Return the addresses on which a port is listened on, as bound."""
    return [str(one["address"]) for one in found if one["port"] == port and one["protocol"] == protocol]


def named(ports: set[tuple[str, int]]) -> str:
    """Spell ports as the engine does."""
    return ", ".join(str(port) + "/" + protocol for protocol, port in sorted(ports, key=lambda one: one[1]))


def say(record: dict[str, object]) -> None:
    """Print one record, whole."""
    left = (json.dumps(record) + "\n").encode("ascii")
    while left:
        left = left[os.write(1, left) :]


def parse_exposed(raw: str) -> set[tuple[str, int]]:
    """Read the exposed ports: "5000/tcp,53/udp"."""
    pairs = (one.partition("/") for one in raw.split(",") if one)
    return {(protocol or "tcp", int(port)) for port, _, protocol in pairs if protocol in ("", "tcp", "udp")}


def main(arguments: list[str]) -> None:
    """Run the probe, and again whenever that is asked for, until it is killed."""
    signals = {signal.SIGUSR1, signal.SIGUSR2}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    ready, deadline, until, longest, exposed, *unasked = arguments
    watch = Watch(ready, float(deadline), float(until), float(longest), parse_exposed(exposed))
    watch.asks = not unasked
    watch.run()
    while signal.sigwait(signals) == signal.SIGUSR1:
        watch.run()
    watch.tell_what_is_lost()


if __name__ == "__main__":
    main(sys.argv[1:])
