"""What `localstack_fargate/cloud_exchange` is made of, without an emulator: paths in scripts, owners, PEM files,
options."""

import stat

import pytest
from cloud_exchange_kit import NAMES, authority, certificate

from cloud_exchange import certificates, mongodb, rabbitmq
from cloud_exchange.files import File, Files, Unreadable
from cloud_exchange.shell import Root
from cloud_exchange.volumes import Volume

pytestmark = pytest.mark.row("Cloud Exchange 6.x: the parts of the plugin", plain="absent")


@pytest.fixture
def volume(tmp_path):
    return Volume.make(tmp_path / "volumes" / "certs")


@pytest.fixture
def root(tmp_path, volume):
    return Root(tmp_path / "core", {"/opt/certs/ours": volume.folder}, True)


@pytest.mark.parametrize(
    "text, moved",
    [
        ("cat /opt/certs/ours/a", "cat {ours}/a"),
        ("cd /opt/certs/ours&&ls", "cd {ours}&&ls"),
        ("a=/opt/certs/ours2/a", "a={root}/opt/certs/ours2/a"),
        ("echo >>/etc/hosts 2>/dev/null", "echo >>{root}/etc/hosts 2>/dev/null"),
        ('x="?a=/opt/certs/ours/a&b=/opt/certs/ours/b"', 'x="?a={ours}/a&b={ours}/b"'),
        ("exec ./start.sh", "exec ./start.sh"),
        ("/bin/sh $D/etc/x ${D}/etc/x s/etc/x", "/bin/sh $D/etc/x ${{D}}/etc/x s/etc/x"),
        ("curl https://host/opt/x", "curl https://host/opt/x"),
    ],
)
def test_paths_of_a_script(root, volume, text, moved):
    assert root.inside(text) == moved.format(ours=volume.folder, root=root.folder)
    assert root.outside(root.inside(text)) == text


def test_an_entry_point_runs_with_stand_ins(root, volume):
    script = 'umask 077; echo "$A" > /opt/certs/ours/f; chown 7:8 /opt/certs/ours/f; chmod 0440 /opt/certs/ours/f\n'
    script += 'export B=/opt/certs/ours/f; mongosh db <<< "say it"; echo said >&2; exec /opt/start.sh --at "$B"'
    run = root.run(["/bin/bash", "-c", script], {"A": "/etc/passwd", "PATH": "/none"})
    assert (run.exit_code, run.output, run.mongodb_commands) == (0, ["said"], ["db\nsay it\n"])
    [call] = run.calls
    assert call.arguments == ["start.sh", "--at", "/opt/certs/ours/f"]
    assert call.environment["A"] == "/etc/passwd" and call.environment["B"] == "/opt/certs/ours/f"
    assert (volume.folder / "f").read_text() == "/etc/passwd\n"
    assert stat.S_IMODE((volume.folder / "f").stat().st_mode) == 0o440
    assert run.owners == [((volume.folder / "f").stat().st_ino, (7, 8))]


def test_only_root_gives_files_away(tmp_path, volume):
    root = Root(tmp_path / "ui", {"/v": volume.folder}, False)
    run = root.run(["/bin/sh", "-c", "touch /v/f && chown 7 /v/f"], {})
    words = "chown: changing ownership of '/v/f': Operation not permitted"
    assert (run.exit_code, run.output, run.owners) == (1, [words], [])


def test_an_entry_point_that_is_not_there(root):
    run = root.run(["/opt/none.sh"], {})
    assert (run.exit_code, run.output) == (127, ["exec: /opt/none.sh: No such file or directory"])


@pytest.mark.parametrize(
    "user, mode, read_only, words",
    [
        ((0, 0), 0o755, False, None),
        ((1001, 1001), 0o755, False, "new: Permission denied"),
        ((None, None), 0o755, False, "new: Permission denied"),
        ((1001, 1001), 0o777, False, None),
        ((0, 0), 0o755, True, "new: Read-only file system"),
    ],
)
def test_who_may_change_a_volume(tmp_path, user, mode, read_only, words):
    volume = Volume.make(tmp_path / "v", (0, 0), mode)
    before = volume.state(), volume.entries()
    (volume.folder / "new").write_text("x")
    assert volume.refused(*before, user, read_only) == words


def test_what_an_access_point_enforces(tmp_path):
    volume = Volume.make(tmp_path / "v", (1001, 1001), 0o755, (1001, 1001))
    before = volume.state(), volume.entries()
    (volume.folder / "new").write_text("x")
    assert volume.refused(*before, (0, 0), False) is None
    volume.take((0, 0))
    assert (volume.entries()["new"].uid, volume.entries()["new"].gid) == (1001, 1001)


def test_who_reads_a_file():
    file = File(b"x", 1001, 2002, 0o440)
    entries = {"/a": File(None, 0, 0, 0o750), "/a/f": file, "/g": file}
    assert Files(entries, 1001, 1).read("/g") == Files(entries, 5, 2002).read("/g") == b"x"
    assert Files(entries, 0, 0).read("/a/f") == b"x"
    for files, path, code in (
        (Files(entries, 5, 5), "/g", "EACCES"),
        (Files(entries, None, None), "/g", "EACCES"),
        (Files(entries, 1001, 1), "/a/f", "EACCES"),
        (Files(entries), "/h", "ENOENT"),
        (Files(entries), "/a", "EACCES"),
    ):
        with pytest.raises(Unreadable) as caught:
            files.read(path)
        assert caught.value.code == code


def test_certificates_as_openssl_sees_them():
    made = {key: value.encode() for key, value in certificate().items()}
    [leaf], ca, other = certificates.certificates(made["internal_certificate"]), authority(1)[0], authority(2)[0]
    now = leaf.not_valid_before_utc.timestamp() + 86_400 * 2
    both = made["internal_certificate"] + made["internal_key"]
    assert certificates.pair_problem(both, both) is None
    alone = made["internal_certificate"]
    assert certificates.pair_problem(alone, alone) == certificates.NO_START_LINE
    assert certificates.pair_problem(made["internal_ca"], made["internal_key"]) == certificates.MISMATCH
    assert certificates.private_key(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n") is None
    for usage in (certificates.SERVER, certificates.CLIENT):
        assert certificates.problem(leaf, [other, ca], now, usage) is None
    assert certificates.problem(leaf, [other], now, certificates.SERVER) == "unable to get local issuer certificate"
    assert certificates.problem(leaf, [leaf], now, certificates.SERVER) == "unable to get local issuer certificate"
    assert certificates.problem(ca, [], now, certificates.SERVER) == "self-signed certificate"
    late = leaf.not_valid_after_utc.timestamp() + 1
    assert certificates.problem(leaf, [ca], late, certificates.SERVER) == "certificate has expired"
    assert all(certificates.serves(leaf, name) for name in (*NAMES, "127.0.0.1", "LOCALHOST"))
    assert not any(certificates.serves(leaf, name) for name in ("db", "127.0.0.2"))
    assert not certificates.serves(ca, "localhost")


@pytest.mark.parametrize(
    "arguments, options",
    [
        (["mongod", "--tlsMode", "preferTLS", "--auth"], {"tlsMode": "preferTLS", "auth": ""}),
        (["mongod", "--tlsCAFile=/ca", "--setParameter", "a=b"], {"tlsCAFile": "/ca", "setParameter": "a=b"}),
        (["mongod", "--sslMode", "requireSSL"], None),
        (["mongod", "tlsMode"], None),
        (["mongod", "--tlsMode"], None),
    ],
)
def test_options_of_mongod(arguments, options):
    if options is None:
        with pytest.raises(ValueError, match="Error parsing command line"):
            mongodb.options_of(arguments)
    else:
        assert mongodb.options_of(arguments) == options


def test_configuration_of_rabbitmq():
    folder = rabbitmq.CONFIGURATION
    entries = {
        f"{folder}/10.conf": File(b"a = 1\nb = x\n"),
        f"{folder}/20.conf": File(b"# no\n\nb = $(N)MB\nlisteners.ssl.1 = 127.0.0.1:5671\n"),
        f"{folder}/key.key": File(b"not a setting"),
    }
    settings = rabbitmq.configuration(Files(entries), {"N": "7"})
    assert settings == {"a": "1", "b": "7MB", "listeners.ssl.1": "127.0.0.1:5671"}
    assert (rabbitmq.listeners(settings, "ssl"), rabbitmq.listeners(settings, "tcp")) == ([5671], [5672])
    with pytest.raises(rabbitmq.Mistake, match="N is not set"):
        rabbitmq.configuration(Files(entries), {})
