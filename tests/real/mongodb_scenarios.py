"""What MongoDB has to show: each release's data step on data, and the TLS of 6.x."""

import re
import subprocess
import time
from urllib.parse import quote

import broker
import certificates
import database
from catalogue import PASSWORD, Release
from database import Database
from report import Result


def compatibility_5(work):
    """5.0.0 to 5.0.1: data that began under MongoDB 4.4 reaches 6.0 only through the step."""
    data = work / "volumes"
    old, new = Release.load("5.0.0"), Release.load("5.0.1")
    first = Database(old, "4.4.2", data, work)
    running = first.start()
    database.fill(first)
    database.check(first)
    assert first.compatibility() == "4.4"
    assert running.stop()
    yield Result("4.x", "the user of init.sh and 3,000 documents", "MongoDB 4.4.2 first start, by 5.0.0's containers")

    begin = time.monotonic()
    server = Database(old, "5.0.4", data, work)
    running = server.start()
    database.check(server)
    assert server.compatibility() == "4.4", "the newer server alone leaves the version as it is"
    assert running.stop()
    yield Result("5.0.0", "all read back; compatibility version still 4.4", "MongoDB 4.4.2 → 5.0.4", begin)

    begin = time.monotonic()
    copied = broker.copy(data, work, "without-step")
    refused = Database(new, "6.0.27", copied, work).start(wait=False)
    refused.wait_for_end()
    assert refused.process.returncode != 0
    assert "UPGRADE PROBLEM" in refused.text(), refused.text()[-2000:]
    said = re.search(r"UPGRADE PROBLEM: [^.]*\.", refused.text())[0]
    yield Result("5.0.1", f"without the step it does not start: “{said}”", "MongoDB 4.4 data → 6.0.27", begin)

    yield from _step(new, old, "5.0.4", "5.0", data, work)
    begin = time.monotonic()
    running = server.start()
    database.check(server)
    assert running.stop()
    yield Result("5.0.1", "what the step leaves the older release still reads", "MongoDB 5.0.4", begin)

    begin = time.monotonic()
    server = Database(new, "6.0.27", data, work)
    running = server.start()
    database.check(server)
    assert server.compatibility() == "5.0"
    assert running.stop()
    yield Result("5.0.1", "all read back", "MongoDB 5.0.4 → 6.0.27 (the release has 6.0.12)", begin)


def compatibility_6(work):
    """5.1.1 to 5.1.2: the step to 6.0, and the step to 7.0 in the wrong order."""
    data = work / "volumes"
    old, new = Release.load("5.1.1"), Release.load("5.1.2")
    # Data that has been 5.0's, as after the step before.
    server = Database(Release.load("5.0.0"), "5.0.4", data, work)
    running = server.start()
    database.fill(server)
    assert running.stop()
    server = Database(old, "6.0.27", data, work)
    running = server.start()
    assert server.compatibility() == "5.0"
    assert running.stop()
    yield Result("5.1.1", "data of 5.0 with compatibility version 5.0", "MongoDB 5.0.4 → 6.0.27")

    begin = time.monotonic()
    seven = next(step for step in new.steps(database.NAME) if "image" in step)
    copied = broker.copy(data, work, "wrong-server")
    code, text, _ = Database(old, "6.0.27", copied, work).step(seven)
    assert code != 0, text
    assert not (copied / "mongo-data" / ".ce-aws-compatibility-7.0").exists()
    server = Database(old, "6.0.27", copied, work)
    running = server.start()
    database.check(server)
    assert server.compatibility() == "5.0" and running.stop()
    result = "the step to 7.0 on a server that is not 7.0 fails, leaves no note, and the data is as before"
    yield Result("5.1.2", result, "MongoDB 6.0.27", begin)

    yield from _step(new, old, "6.0.27", "6.0", data, work)
    begin = time.monotonic()
    server = Database(old, "6.0.27", data, work)
    running = server.start()
    database.check(server)
    assert server.compatibility() == "6.0" and running.stop()
    yield Result("5.1.2", "all read back by the older release", "MongoDB 6.0.27", begin)


def _step(new, old, version, target, data, work):
    step = next(s for s in new.steps(database.NAME) if f'"{target}"' in s["script"])
    server = Database(old, version, data, work)
    code, text, first = server.step(step)
    assert code == 0, text
    code, text, second = server.step(step)
    assert code == 0 and "done before" in text, text
    # As if it had been stopped just before it wrote its note.
    (data / "mongo-data" / f".ce-aws-compatibility-{target}").unlink()
    code, text, third = server.step(step)
    assert code == 0, text
    running = server.start()
    database.check(server)
    assert server.compatibility() == target
    assert running.stop()
    times = f"{first:.0f} s, {second:.1f} s, {third:.0f} s"
    outcome = f"step `{step['name']}` three times ({times}; the third without its note): compatibility version {target}"
    yield Result(new.version, outcome, f"MongoDB {version}", seconds=first + second + third)


def tls(work):
    """6.x: MongoDB's TLS flags, mongo-init.sh, core's connection string."""
    for version in ("6.0.0", "6.1.0"):
        for shape, made in (("vendor's", certificates.vendor), ("our shape of", certificates.ours)):
            if (version, shape) == ("6.0.0", "vendor's"):
                continue
            yield from _tls(Release.load(version), shape, made, work / f"{version}-{shape[0]}")


def _tls(release, shape, made, work):
    import pymongo

    begin = time.monotonic()
    work.mkdir()
    pem = made(work / "certificates")
    data = work / "volumes"
    server = Database(release, "6.0.5", data, work, pem)
    running = server.start()  # by the release's health check: mongosh without TLS
    files = work / "certs"
    files.mkdir()
    broker.deliver_files(release, "certs", files, pem)
    ca, both = str(files / "tls_cert_ca.crt"), str(files / "tls_cert_key.pem")
    secure = {"tls": True, "tlsCAFile": ca, "tlsCertificateKeyFile": both}
    database.fill(server)
    database.check(server, **secure)  # with the name checked: 127.0.0.1 is in the certificate
    address = connection_string(release, files)
    assert pymongo.MongoClient(address, serverSelectionTimeoutMS=5000).cte.settings.count_documents({}) == 1
    said = []
    for name, options in {
        "a client without certificate": {"tls": True, "tlsCAFile": ca},
        "a client with another CA's certificate": secure | {"tlsCertificateKeyFile": _other(work)},
    }.items():
        try:
            server.client(**options).cte.command("ping")
            raise AssertionError(f"{name} is let in")
        except pymongo.errors.PyMongoError:
            said.append(name)
    ciphers = _cipher(server.port, files)
    assert running.stop()
    # Once more on the data that is there now: nothing is initialised again.
    running = server.start()
    database.check(server, **secure)
    assert running.stop()
    outcome = (
        f"{shape} certificates: up by the health check without TLS; mongo-init.sh made its user; "
        f"all read back over TLS and by core's connection string ({ciphers}); refused: {', '.join(said)}"
    )
    yield Result(release.version, outcome, "MongoDB 6.0.5, OpenSSL 3 (the release has 8.0)", begin)


def connection_string(release, files):
    """What core's own entry point makes of the injected string, with the certificates where this test has them."""
    plain = release.data["derived_secrets"]["mongo_connection_string"].format(password=quote(PASSWORD, safe=""))
    script = release.container("core")["entry_point"][2].replace("exec /opt/start.sh", "env")
    rabbit = release.data["derived_secrets"]["rabbitmq_connection_string"].format(password="x")
    environment = {"MONGO_CONNECTION_STRING": plain, "RABBITMQ_CONNECTION_STRING": rabbit, "PATH": "/usr/bin:/bin"}
    command = ["/bin/bash", "-c", script]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    values = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    assert values["RABBITMQ_CONNECTION_STRING"] == "amqps:" + rabbit.removeprefix("amqp:")
    return values["MONGO_CONNECTION_STRING"].replace("/opt/certs/mongodb_rabbitmq_certs", str(files))


def _other(work):
    folder = work / "other"
    if not folder.exists():
        pem = certificates.vendor(folder)
        (folder / "both.pem").write_text(pem["internal_certificate"] + pem["internal_key"])
    return str(folder / "both.pem")


def _cipher(port, files):
    """Protocol and cipher that OpenSSL's own client gets."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-brief", "-servername", "localhost"]
    command += ["-CAfile", str(files / "tls_cert_ca.crt"), "-verify_return_error"]
    command += ["-cert", str(files / "tls_cert.crt"), "-key", str(files / "tls_cert_key.key")]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    text = done.stdout + done.stderr
    assert "Verification: OK" in text, text
    protocol = re.search(r"Protocol version: (\S+)", text)[1]
    cipher = re.search(r"Ciphersuite: (\S+)", text)[1]
    return f"{protocol}, {cipher}"


SCENARIOS = {"mongodb-5": compatibility_5, "mongodb-6": compatibility_6, "mongodb-tls": tls}
