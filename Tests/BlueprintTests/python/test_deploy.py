"""The files of deploy/: what they name is there. No image is built, since there is no network to have a base from."""

import dataclasses
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

root = pathlib.Path(__file__).resolve().parents[3]
deploy = root / "deploy"
sys.path.insert(0, str(root / "blueprints/atlasreg/core"))
from atlasreg import settings  # noqa: E402


def documents(path):
    return [one for one in yaml.safe_load_all((deploy / path).read_text()) if one]


def instructions(name):
    """`(INSTRUCTION, rest)` of a Dockerfile, continuation lines joined."""
    text = re.sub(r"\\\n", " ", (deploy / name).read_text())
    found = []
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            found.append((word, rest.strip()))
    return found


def sources():
    return "\n".join(path.read_text() for path in (root / "Sources").rglob("*.swift"))


def options(program):
    """The arguments that a worker of ORÁCULO takes."""
    folder = root / "blueprints/oraculo/workers"
    return set(re.findall(r'add_argument\("(--[a-z]+)"', (folder / program).read_text() + (folder / "fila.py").read_text()))


def check_words(case, words):
    program = pathlib.Path(words[0])
    case.assertEqual(program.parent, pathlib.Path("/srv/oraculo/workers"))
    case.assertTrue((root / "blueprints/oraculo/workers" / program.name).is_file())
    case.assertLessEqual({word for word in words if word.startswith("--")}, options(program.name))


class Images(unittest.TestCase):
    names = ["Dockerfile", "atlasreg.Dockerfile", "oraculo-worker.Dockerfile"]

    def test_run_as_nobody_of_note_and_copy_what_is_there(self):
        for name in self.names:
            with self.subTest(name):
                lines = instructions(name)
                self.assertEqual([rest for word, rest in lines if word == "USER"][-1], "10001")
                base = lines[0][1]
                self.assertIn(base, ("debian:bookworm-slim", "esteira"))
                for word, rest in lines:
                    if word == "COPY":
                        source = rest.split()[0]
                        # The binary is what `make build` makes.
                        self.assertTrue((root / source).exists() or source == ".build/release/esteira", source)

    def test_the_server_has_every_library_that_its_binary_needs(self):
        binary = next((path for path in (root / ".build/release/esteira", root / ".build/debug/esteira")
                       if path.exists()), None)
        self.assertIsNotNone(binary, "the tests are built beside the program")
        headers = subprocess.run(["readelf", "-d", binary], capture_output=True, text=True, check=True).stdout
        needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", headers))
        wanted = set()
        for library in needed:
            owners = subprocess.run(["dpkg", "-S", f"*/{library}"], capture_output=True, text=True, check=False).stdout
            wanted |= {line.split(":")[0] for line in owners.splitlines()}
        given = " ".join(rest for word, rest in instructions("Dockerfile") if word == "RUN").split()
        # The C library and what comes with it are in every base; the Swift runtime of a debug build is not shipped.
        always = {"libc6", "libgcc-s1"}
        self.assertLessEqual(wanted - always, set(given))
        self.assertGreater(len(wanted - always), 10)

    def test_the_server_tells_its_health_by_an_endpoint_that_it_has(self):
        lines = instructions("Dockerfile")
        check = next(rest for word, rest in lines if word == "HEALTHCHECK")
        self.assertIn("/var/lib/esteira/api.sock", check)
        path = re.search(r"http://localhost/api/v1(/[a-z]+)", check).group(1)
        self.assertIn(f'.get, "{path}", .open', sources())
        self.assertIn(("EXPOSE", "7420"), lines)
        self.assertIn("usualPort: UInt16 = 7420", sources())

    def test_variables_of_esteira_are_read_by_it(self):
        code = sources()
        for path in deploy.rglob("*"):
            if path.is_file():
                for name in re.findall(r"\bESTEIRA_[A-Z_]+", path.read_text()):
                    self.assertIn(f'"{name}"', code, f"{path.name}: {name}")


class Compose(unittest.TestCase):
    def compositions(self):
        return {name: documents(name)[0] for name in ("compose.atlasreg.yaml", "compose.oraculo.yaml")}

    def test_mounts_what_is_there_and_read_only_where_it_is_ours(self):
        for name, given in self.compositions().items():
            for service, one in given["services"].items():
                for volume in one.get("volumes", []):
                    source, target, *mode = volume.split(":")
                    if not source.startswith("."):
                        self.assertIn(source, given["volumes"], f"{name} {service}")
                        continue
                    self.assertEqual(mode, ["ro"], f"{name} {service} {volume}")
                    # The certificate is the operator's own.
                    if source != "./tls":
                        self.assertTrue((deploy / source).exists(), f"{name} {service} {volume}")

    def test_our_own_containers_cannot_write_but_into_their_volumes(self):
        for name, given in self.compositions().items():
            own = {service: one for service, one in given["services"].items() if "build" in one}
            self.assertTrue(own)
            for service, one in own.items():
                self.assertTrue(one["read_only"] and one["cap_drop"] == ["ALL"], f"{name} {service}")
                self.assertTrue((deploy / one["build"]["context"] / one["build"]["dockerfile"]).is_file())

    def test_every_port_is_open_to_this_machine_alone(self):
        found = []
        for given in self.compositions().values():
            for one in given["services"].values():
                for port in one.get("ports", []):
                    host, outside, _ = port.split(":")
                    self.assertEqual(host, "127.0.0.1")
                    found.append(outside)
        # Flower and Airflow where the source has them.
        self.assertLessEqual({"5600", "8300", "7420"}, set(found))

    def test_waits_for_services_that_say_that_they_are_well(self):
        for given in self.compositions().values():
            for one in given["services"].values():
                needs = one.get("depends_on", {})
                for other in needs:
                    self.assertIn(other, given["services"])
                    if isinstance(needs, dict):
                        self.assertEqual(needs[other]["condition"], "service_healthy")
                        self.assertIn("healthcheck", given["services"][other])
        worker = self.compositions()["compose.atlasreg.yaml"]["services"]["worker"]
        self.assertEqual(worker["healthcheck"]["test"], ["CMD", "redis-cli", "-h", "redis", "ping"])

    def test_atlasreg_is_given_settings_that_it_takes(self):
        known = {field.name.upper() for field in dataclasses.fields(settings.Settings)}
        own = {"SCRAPERS", "SCRAPY_PYTHON", "EGRESS", "ESTEIRA_LOG_FORMAT"}
        given = self.compositions()["compose.atlasreg.yaml"]["services"]
        for service in ("cursor", "worker"):
            environment = given[service]["environment"]
            self.assertLessEqual(set(environment) - own, known)
            values = {name: re.sub(r"\$\{[A-Z_]+:\?\}", "x", str(value)) for name, value in environment.items()}
            values["HOOK_ENDPOINT"] = "https://hook.example.org"
            self.assertEqual(settings.parse(values).mode, "standalone")

    def test_workers_are_programs_with_options_that_they_have(self):
        given = self.compositions()["compose.oraculo.yaml"]["services"]
        for service in ("escavador", "executador"):
            check_words(self, given[service]["command"])


class Kubernetes(unittest.TestCase):
    def items(self, name):
        return documents(f"kubernetes/{name}")[0]["items"]

    def test_containers_run_without_rights(self):
        for name in ("esteira.yaml", "oraculo-workers.yaml"):
            for item in self.items(name):
                if item["kind"] not in ("Deployment", "StatefulSet"):
                    continue
                pod = item["spec"]["template"]["spec"]
                self.assertTrue(pod["securityContext"]["runAsNonRoot"])
                self.assertEqual(item["spec"]["selector"]["matchLabels"], item["spec"]["template"]["metadata"]["labels"])
                volumes = {one["name"] for one in pod.get("volumes", [])}
                volumes |= {one["metadata"]["name"] for one in item["spec"].get("volumeClaimTemplates", [])}
                for container in pod["containers"]:
                    rights = container["securityContext"]
                    self.assertTrue(rights["readOnlyRootFilesystem"] and not rights["allowPrivilegeEscalation"])
                    for mount in container.get("volumeMounts", []):
                        self.assertIn(mount["name"], volumes)

    def test_there_is_one_server_whose_probes_ask_endpoints_that_it_has(self):
        server = next(one for one in self.items("esteira.yaml") if one["kind"] == "StatefulSet")
        self.assertEqual(server["spec"]["replicas"], 1)
        container = server["spec"]["template"]["spec"]["containers"][0]
        code = sources()
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            words = container[probe]["exec"]["command"]
            path = words[-1].removeprefix("http://localhost/api/v1")
            self.assertIn(f'.get, "{path}", .open', code)
            self.assertIn("/data/esteira/api.sock", words)
        self.assertIn({"name": "ESTEIRA_DATA", "value": "/data/esteira"}, container["env"])
        service = next(one for one in self.items("esteira.yaml") if one["kind"] == "Service")
        self.assertEqual(service["spec"]["ports"][0]["port"], container["ports"][0]["containerPort"])

    def test_workers_grow_with_their_work(self):
        items = self.items("oraculo-workers.yaml")
        deployments = {one["metadata"]["name"]: one for one in items if one["kind"] == "Deployment"}
        scalers = {one["spec"]["scaleTargetRef"]["name"]: one for one in items if one["kind"] == "HorizontalPodAutoscaler"}
        self.assertEqual(set(deployments), {"escavador", "executador"})
        self.assertEqual(set(scalers), set(deployments))
        for name, one in deployments.items():
            self.assertNotIn("replicas", one["spec"], "the scaler says how many")
            self.assertLess(scalers[name]["spec"]["minReplicas"], scalers[name]["spec"]["maxReplicas"])
            container = one["spec"]["template"]["spec"]["containers"][0]
            # A share of the processor is a share of what is asked for.
            self.assertIn("cpu", container["resources"]["requests"])
            check_words(self, container["args"])


class Files(unittest.TestCase):
    def test_the_unit_starts_what_the_server_is(self):
        text = (deploy / "systemd/esteira.service").read_text()
        self.assertIn("ExecStart=/usr/local/bin/esteira server\n", text)
        self.assertIn("LimitNOFILE=65536", text)
        tool = shutil.which("systemd-analyze")
        if tool:
            with tempfile.TemporaryDirectory() as folder:
                unit = pathlib.Path(folder) / "esteira.service"
                # Programs are looked for on this machine.
                unit.write_text(text.replace("/usr/local/bin/esteira", "/bin/true"))
                done = subprocess.run([tool, "verify", unit], capture_output=True, text=True, check=False)
                self.assertNotIn("esteira.service", done.stderr)

    def test_prometheus_asks_the_server_where_it_listens(self):
        given = documents("prometheus/prometheus.yaml")[0]["scrape_configs"][0]
        self.assertEqual(given["static_configs"][0]["targets"], ["esteira:7420"])
        tool = shutil.which("promtool")
        if tool:
            done = subprocess.run([tool, "check", "config", "--syntax-only", deploy / "prometheus/prometheus.yaml"],
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_configuration_is_one_that_the_server_takes(self):
        program = next((path for path in (root / ".build/debug/esteira", root / ".build/release/esteira")
                        if path.exists()), None)
        self.assertIsNotNone(program)
        inner = yaml.safe_load((deploy / "kubernetes/esteira.yaml").read_text())["items"][0]["data"]["esteira.yaml"]
        for text in ((deploy / "esteira.yaml").read_text(), inner):
            with tempfile.TemporaryDirectory() as folder:
                # Of the certificate it is known here that it is not there, and nothing else.
                (pathlib.Path(folder) / "esteira.yaml").write_text(text)
                done = subprocess.run(
                    [program, "config", "check", "--data", folder], capture_output=True, text=True, check=False,
                    env={"PATH": "/usr/bin:/bin", "HOME": folder, "LANG": "C"})
                wrong = [line for line in (done.stdout + done.stderr).splitlines() if "esteira.yaml:" in line]
                self.assertTrue(all("tls" in line or "certificate" in line for line in wrong), done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
