"""The files of docker/ against the package, and against what their README promises."""

import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
DOCKER = ROOT / "docker"
EXTRAS = ("cluster", "dashboard", "postgres", "remote")


def pins() -> dict[str, str]:
    lines = (DOCKER / "requirements.txt").read_text().splitlines()
    requirements = [Requirement(line) for line in lines if not line.lstrip().startswith("#")]
    return {each.name: str(each.specifier).removeprefix("==") for each in requirements}


def declared() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    return [Requirement(line) for line in sum((extras[e] for e in EXTRAS), project["dependencies"])]


@pytest.mark.parametrize("requirement", declared(), ids=str)
def test_the_image_pins_what_the_package_needs(requirement):
    assert requirement.specifier.contains(pins()[requirement.name])


@pytest.fixture
def claim_and_job():
    return list(yaml.safe_load_all((DOCKER / "rayjob.yaml").read_text()))


def test_the_job_names_the_ray_and_the_claim_that_there_are(claim_and_job):
    claim, job = claim_and_job
    cluster = job["spec"]["rayClusterSpec"]
    assert cluster["rayVersion"] == pins()["ray"]
    (volume,) = cluster["headGroupSpec"]["template"]["spec"]["volumes"]
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]


def services() -> dict[str, dict]:
    return yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]


def test_ports_are_published_on_loopback_alone():
    ports = [port for service in services().values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_workers_know_neither_the_password_nor_the_volume():
    worker = services()["worker"]
    assert [secret["source"] for secret in worker["secrets"]] == ["token"]
    assert "volumes" not in worker
