"""docker/rayjob.yaml by the schemas of Kubernetes; KubeRay's own fields are not in them."""

from pathlib import Path

import pytest
import yaml

kubernetes_validate = pytest.importorskip("kubernetes_validate")

VERSION = "1.30"
CLAIM, JOB = yaml.safe_load_all((Path(__file__).parents[1] / "docker/rayjob.yaml").read_text())
CLUSTER = JOB["spec"]["rayClusterSpec"]
GROUPS = [CLUSTER["headGroupSpec"], *CLUSTER["workerGroupSpecs"]]


def test_the_claim_is_valid():
    kubernetes_validate.validate(CLAIM, VERSION, strict=True)


@pytest.mark.parametrize("group", GROUPS, ids=["head", "worker"])
def test_the_pods_are_valid(group):
    template = {"apiVersion": "v1", "kind": "PodTemplate", "template": group["template"]}
    kubernetes_validate.validate(template, VERSION, strict=True)
