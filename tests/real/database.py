"""MongoDB: containers of the release files on real servers, and the data that is put into them."""

import datetime
import time
from pathlib import Path

import broker
import install
from catalogue import PASSWORD
from container import Container

NAME = "mongodb-primary"
DOCUMENTS = [
    {"_id": n, "kind": f"kind-{n % 9}", "text": f"größe-{n}" * (n % 50), "nested": {"list": list(range(n % 20))}}
    for n in range(3000)
]


class Database:
    """The container `mongodb-primary` of a release on folders of this test, with a server of this version."""

    def __init__(self, release, version, data, work, pem=None):
        self.release, self.version = release, version
        self.data, self.work, self.pem = Path(data), Path(work), pem
        self.port = 27017

    def container(self, name=NAME, deliver=True):
        folder = self.work / f"database-{time.monotonic_ns()}"
        temporary = folder / "tmp"
        temporary.mkdir(parents=True)
        temporary.chmod(0o1777)
        program, root = install.mongodb(self.version)
        tools = folder / "bin"
        tools.mkdir()
        scripts = {"docker-entrypoint.sh": install.entry_points() / "mongo" / "docker-entrypoint.sh"}
        scripts["mongosh"] = install.shell() / "mongosh"
        if self.version < "6":
            scripts["mongo"] = scripts["mongosh"]  # images before 6.0 have the old shell too
        for tool, source in scripts.items():
            (tools / tool).write_bytes(source.read_bytes())
            (tools / tool).chmod(0o755)
        mounts = {"/opt/mongodb": program, "/usr/local/bin": tools, "/opt/mongosh": install.shell(), "/tmp": temporary}
        for path, volume in self.release.mounts(name).items():
            if deliver or volume not in self.release.task_volumes():
                mounts[path] = self._volume(volume, folder)
        user = self.release.container(name).get("user", "0:0")
        # The official image's HOME.
        environment = {"HOME": "/data/db", "CA_CERTIFICATE": ""} if name == NAME else {"CA_CERTIFICATE": ""}
        return Container(root, mounts, environment | self.release.environment(name), user)

    def _volume(self, volume, folder):
        if volume not in self.release.task_volumes():
            place = self.data / volume
            place.mkdir(parents=True, exist_ok=True)
            broker.own(place, 1001, 1001)
            place.chmod(0o777)
            return place
        place = folder / f"volume-{volume}"
        place.mkdir()
        broker.deliver_files(self.release, volume, place, self.pem)
        return place

    def prepare(self):
        """Runs `init-container` as it stands, where it is not the delivering container."""
        if not self.release.container("init-container").get("delivers_files"):
            container = self.release.container("init-container")
            arguments = container.get("entry_point", []) + container["command"]
            code, text = self.container("init-container").run(arguments)
            assert code == 0, text

    def start(self, wait=True):
        self.prepare()
        container = self.container()
        settings = self.release.container(NAME)
        # Without an entry point of its own it is the image's.
        arguments = settings.get("entry_point", ["docker-entrypoint.sh"]) + settings.get("command", ["mongod"])
        log = self.work / f"mongod-{self.version}-{time.monotonic_ns()}.log"
        running = container.start(arguments, log)
        if wait:
            health = ["/bin/sh", "-c", settings["health_check"]["command"]]
            running.wait_for(lambda: running.run(health)[0] == 0 and self.initialised())
        return running

    def initialised(self):
        """Whether the user of the initialisation can log in: the temporary server of the entry point is healthy too."""
        import pymongo

        try:
            self.client().cte.command("ping")
            return True
        except pymongo.errors.PyMongoError:
            return False

    def client(self, **options):
        import pymongo

        login = {"username": "cteadmin", "password": PASSWORD, "authSource": "cte"}
        return pymongo.MongoClient("127.0.0.1", self.port, serverSelectionTimeoutMS=5000, **(login | options))

    def root(self, **options):
        return self.client(username="root", authSource="admin", **options)

    def step(self, step):
        begin = time.monotonic()
        code, text = self.container(deliver=False).run(["/bin/bash", "-c", step["script"]], step["timeout"])
        return code, text, time.monotonic() - begin

    def compatibility(self):
        answer = self.root().admin.command({"getParameter": 1, "featureCompatibilityVersion": 1})
        return answer["featureCompatibilityVersion"]["version"]


def fill(database):
    """Documents, indexes of several kinds, a capped collection and a view, written by core's user."""
    data = database.client().cte
    data.settings.insert_one({"_id": 1, "databaseVersion": "5.0.0", "at": datetime.datetime(2024, 2, 29)})
    data.alerts.insert_many(DOCUMENTS)
    data.alerts.create_index([("kind", 1), ("nested.list", -1)], name="kind")
    data.alerts.create_index("text", name="text", unique=False, sparse=True)
    data.sessions.create_index("at", expireAfterSeconds=86400, name="expiry")
    data.create_collection("log", capped=True, size=1 << 20)
    data.log.insert_many([{"_id": n} for n in range(100)])
    data.create_collection("first", viewOn="alerts", pipeline=[{"$match": {"kind": "kind-1"}}])


def check(database, **options):
    """Reads everything back, and writes one document more."""
    import pymongo

    data = database.client(**options).cte
    assert data.settings.find_one({"_id": 1})["databaseVersion"] == "5.0.0"
    assert list(data.alerts.find().sort("_id", 1)) == DOCUMENTS, "the documents are others"
    indexes = {name: info for name, info in data.alerts.index_information().items()}
    assert set(indexes) == {"_id_", "kind", "text"}, indexes
    assert data.sessions.index_information()["expiry"]["expireAfterSeconds"] == 86400
    plan = data.alerts.find({"kind": "kind-1"}).hint("kind").explain()
    assert "IXSCAN" in str(plan["queryPlanner"]["winningPlan"]), plan
    assert data.log.options()["capped"] and data.log.count_documents({}) == 100
    assert data.first.count_documents({}) == len([d for d in DOCUMENTS if d["kind"] == "kind-1"])
    assert data.probe.insert_one({"_id": 1}).acknowledged and data.probe.delete_one({"_id": 1}).deleted_count == 1
    try:
        database.client(password="wrong", **options).cte.command("ping")
        raise AssertionError("a wrong password is accepted")
    except pymongo.errors.OperationFailure as error:
        assert error.code == 18, error
    answer = database.root(**options).admin.command("validate", "system.users")
    assert answer["valid"], answer
    assert data.command("validate", "alerts")["valid"]
